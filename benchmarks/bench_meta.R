# Fits each row of a CSV of effects and variances with rma.uni, REML and Hartung-Knapp.
# Usage: Rscript bench_meta.R FILE.csv   (k effects, then k variances, without a header)
# Prints JSON: versions, CPU seconds of the loop and tau2 (null where rma stopped with an error).
suppressPackageStartupMessages(library(metafor))
data <- as.matrix(read.csv(commandArgs(trailingOnly = TRUE)[[1]], header = FALSE))
k <- ncol(data) / 2
one <- function(row) tryCatch(
  rma.uni(row[seq_len(k)], row[k + seq_len(k)], method = "REML", test = "knha")$tau2,
  error = function(e) NA_real_)
invisible(one(data[1, ]))
before <- proc.time()
tau2 <- suppressWarnings(apply(data, 1, one))
spent <- proc.time() - before
number <- function(x) ifelse(is.na(x), "null", sprintf("%.17g", x))
cat(sprintf('{"R": "%s", "metafor": "%s", "seconds": %.6f, "tau2": [%s]}\n', getRversion(),
  packageVersion("metafor"), spent[["user.self"]] + spent[["sys.self"]], paste(number(tau2), collapse = ", ")))
