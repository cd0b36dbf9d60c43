# Fits a CSV (yi, vi, x, study, effect) by rma.uni and rma.mv, REML, and prints JSON.
# Usage: Rscript bench_metaregression.R FILE.csv
suppressPackageStartupMessages(library(metafor))
d <- read.csv(commandArgs(trailingOnly = TRUE)[[1]])
clock <- function(f) { b <- proc.time(); r <- f(); s <- proc.time() - b; list(r, s[["user.self"]] + s[["sys.self"]]) }
one <- clock(function() rma.uni(yi, vi, mods = ~ x, data = d, method = "REML"))
two <- clock(function() rma.mv(yi, vi, mods = ~ x, random = ~ 1 | study/effect, data = d, sparse = TRUE))
cat(sprintf('{"metafor": "%s", "regression": [%.3f, %.15g, %.15g], "three_level": [%.3f, %.15g, %.15g]}\n', packageVersion("metafor"),
  one[[2]], one[[1]]$beta[2], one[[1]]$tau2, two[[2]], two[[1]]$beta[2], two[[1]]$sigma2[1]))
