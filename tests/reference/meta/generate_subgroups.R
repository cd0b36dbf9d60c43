# Generates subgroups.json: pooled effects by subgroup and the test between them.
# Usage: Rscript generate_subgroups.R [output_dir]
# Needs: metafor, metadat. Numbers are written with "%.17g".
suppressPackageStartupMessages({library(metafor); library(metadat)})
args <- commandArgs(trailingOnly = TRUE)
outdir <- if (length(args) >= 1) args[[1]] else "."

num <- function(x) ifelse(is.na(x), "null", sprintf("%.17g", x))
arr <- function(x) paste0("[", paste(num(x), collapse = ", "), "]")
str <- function(x) paste0("[", paste0("\"", x, "\"", collapse = ", "), "]")
obj <- function(...) {
  a <- list(...)
  paste0("{", paste0("\"", names(a), "\": ", unlist(a), collapse = ", "), "}")
}

# The tightest threshold at which Fisher scoring still converges, as in generate.R.
fit <- function(...) {
  a <- list(...)
  if (a$method == "PM") return(do.call(rma.uni, c(a, list(control = list(tol = 1e-15, maxiter = 5000)))))
  if (!(a$method %in% c("ML", "REML", "EB"))) return(do.call(rma.uni, a))
  for (t in 10^(-14:-5)) {
    r <- tryCatch(do.call(rma.uni, c(a, list(control = list(threshold = t, maxiter = 1500)))), error = function(e) NULL)
    if (!is.null(r)) return(r)
  }
  stop("no convergence")
}
METHODS <- c("FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")

one <- function(yi, vi, g) {
  yi <- as.numeric(yi); vi <- as.numeric(vi); g <- as.character(g)
  groups <- sort(unique(g), method = "radix")
  out <- c()
  for (m in METHODS) {
    r <- lapply(groups, function(x) fit(yi = yi[g == x], vi = vi[g == x], method = m))
    b <- sapply(r, function(x) as.numeric(x$beta)); se <- sapply(r, function(x) x$se)
    t <- rma.uni(b, sei = se, mods = ~ factor(groups), method = "FE")
    out <- c(out, obj(method = shQuote(m, "cmd"), tau2_by = "\"separate\"", b = arr(b), se = arr(se),
      tau2 = arr(sapply(r, function(x) x$tau2)), QM = num(t$QM), QM_df = num(t$m), QM_p = num(t$QMp)))
    X <- sapply(groups, function(x) as.numeric(g == x))
    r <- fit(yi = yi, vi = vi, mods = X, intercept = FALSE, method = m)
    t <- fit(yi = yi, vi = vi, mods = X[, -1, drop = FALSE], method = m)
    out <- c(out, obj(method = shQuote(m, "cmd"), tau2_by = "\"common\"", b = arr(as.numeric(r$beta)), se = arr(r$se),
      tau2 = arr(rep(r$tau2, length(groups))), QM = num(t$QM), QM_df = num(t$m), QM_p = num(t$QMp)))
  }
  obj(yi = arr(yi), vi = arr(vi), group = str(g), groups = str(groups), tests = paste0("[\n", paste(out, collapse = ",\n"), "]"))
}

bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
cases <- list(
  bcg_allocation = one(bcg$yi, bcg$vi, bcg$alloc),
  raudenbush_setting = one(dat.raudenbush1985$yi, dat.raudenbush1985$vi, dat.raudenbush1985$setting),
  # A subgroup of one study, and one whose studies agree exactly.
  unequal = one(c(.2, .5, .5, .5, -.4, .9, .1, 1.4), c(.05, .1, .2, .05, .02, .3, .04, .1), c("a", "b", "b", "b", "c", "c", "c", "c")))
source_record <- obj(script = "\"generate_subgroups.R\"", R = paste0("\"", getRversion(), "\""),
  metafor = paste0("\"", packageVersion("metafor"), "\""), metadat = paste0("\"", packageVersion("metadat"), "\""),
  separate = "\"rma.uni in each subgroup, then rma.uni(b, sei = se, mods = ~ factor(groups), method = 'FE')\"",
  common = "\"rma.uni(yi, vi, mods = <indicators of the subgroups>)\"")
text <- paste0("{\"source\": ", source_record, ",\n\"cases\": ", do.call(obj, cases), "}")
writeLines(text, file.path(outdir, "subgroups.json"))
