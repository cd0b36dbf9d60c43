# Pins metafor's step-function selection models, tests by counts and Debray's regression.
# Usage: Rscript generate.R OUTDIR
suppressPackageStartupMessages({library(metafor); library(metadat)})
args <- commandArgs(trailingOnly = TRUE)
outdir <- if (length(args) >= 1) args[[1]] else "."
num <- function(x) { x <- as.numeric(x); s <- ifelse(is.na(x), "null", sprintf("%.17g", x)); if (length(s) == 1) s else paste0("[", paste(s, collapse = ", "), "]") }
vec <- function(x) { x <- as.numeric(x); paste0("[", paste(ifelse(is.na(x), "null", sprintf("%.17g", x)), collapse = ", "), "]") }
or <- function(d, a, b, c, e) escalc(measure = "OR", ai = d[[a]], bi = d[[b]], ci = d[[c]], di = d[[e]])
sets <- list(
  hackshaw1998 = list(yi = dat.hackshaw1998$yi, vi = dat.hackshaw1998$vi),
  raudenbush1985 = list(yi = dat.raudenbush1985$yi, vi = dat.raudenbush1985$vi),
  bangertdrowns2004 = list(yi = dat.bangertdrowns2004$yi, vi = dat.bangertdrowns2004$vi),
  bcg = { e <- or(dat.bcg, "tpos", "tneg", "cpos", "cneg"); list(yi = e$yi, vi = e$vi) },
  normand1999 = { e <- escalc(measure = "MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999); list(yi = e$yi, vi = e$vi) })
cases <- list(
  list("hackshaw1998", "greater", c(.025), NULL), list("hackshaw1998", "greater", c(.05, .10, .50), NULL),
  list("hackshaw1998", "two.sided", c(.05), NULL), list("raudenbush1985", "greater", c(.025), NULL),
  list("raudenbush1985", "greater", c(.05, .5), NULL), list("bangertdrowns2004", "greater", c(.025), NULL),
  list("bangertdrowns2004", "greater", c(.05, .5), NULL), list("bcg", "less", c(.025), NULL),
  list("bcg", "two.sided", c(.05), NULL), list("normand1999", "less", c(.025), NULL),
  list("hackshaw1998", "greater", c(.05, .5), c(1, .7, .4)), list("bcg", "less", c(.025), c(1, .3)))
out <- character()
for (c in cases) for (m in c("ML", "FE")) {
  s <- sets[[c[[1]]]]
  ctl <- if (m == "ML") list(threshold = 1e-13, maxiter = 5000) else list()
  r <- try({
    f <- rma(as.numeric(s$yi), as.numeric(s$vi), method = m, control = ctl)
    dl <- c[[4]]
    con <- list(reltol = 1e-15, maxit = 5000)
    if (is.null(dl)) selmodel(f, type = "stepfun", steps = c[[3]], alternative = c[[2]], control = con)
    else selmodel(f, type = "stepfun", steps = c[[3]], alternative = c[[2]], delta = dl, control = con) }, silent = TRUE)
  head <- sprintf('  {"dataset": "%s", "alternative": "%s", "steps": %s, "method": "%s", "fixed": %s', c[[1]], c[[2]], vec(c[[3]]), m, if (is.null(c[[4]])) "null" else vec(c[[4]]))
  if (inherits(r, "try-error")) { out <- c(out, paste0(head, ', "error": "', gsub('["\n]', " ", conditionMessage(attr(r, "condition"))), '"}')); next }
  out <- c(out, paste0(head, ', "mu": ', num(r$beta), ', "se": ', num(r$se), ', "ci_lb": ', num(r$ci.lb), ', "ci_ub": ', num(r$ci.ub), ', "tau2": ', num(r$tau2), ', "se_tau2": ', num(if (m == "FE") NA else r$se.tau2),
    ', "delta": ', vec(r$delta), ', "se_delta": ', vec(if (is.null(r$se.delta)) rep(NA, length(r$delta)) else r$se.delta), ', "lrt": ', num(if (is.null(r$LRT)) NA else r$LRT), ', "lrt_p": ', num(if (is.null(r$LRTp)) NA else r$LRTp), ', "loglik": ', num(logLik(r)), "}"))
}
data <- vapply(names(sets), function(n) sprintf('  "%s": {"yi": %s, "vi": %s}', n, vec(sets[[n]]$yi), vec(sets[[n]]$vi)), "")
# Regressions by counts, with R's own lm.
d <- dat.bcg; a <- d$tpos; b <- d$tneg; cc <- d$cpos; dd <- d$cneg; N <- a + b + cc + dd
lo <- log(a * dd / (b * cc)); w <- (a + cc) * (b + dd) / N
mk <- summary(lm(lo ~ N, weights = w))$coefficients
e <- sets$bcg; ev <- a + cc
db <- summary(lm(e$yi ~ I(1 / ev), weights = 1 / e$vi))$coefficients
pe <- summary(lm(e$yi ~ e$vi, weights = 1 / e$vi)); pt <- summary(lm(e$yi ~ sqrt(e$vi), weights = 1 / e$vi))
row <- function(m, i) sprintf('{"estimate": %s, "se": %s, "t": %s, "p": %s}', num(m[i, 1]), num(m[i, 2]), num(m[i, 3]), num(m[i, 4]))
lmtxt <- sprintf('  "macaskill_bcg": %s,\n  "debray_bcg": %s,\n  "pet_bcg": %s,\n  "peese_bcg": %s,\n  "counts_bcg": {"ai": %s, "bi": %s, "ci": %s, "di": %s}', row(mk, 2), row(db, 2), row(pt$coefficients, 1), row(pe$coefficients, 1), vec(a), vec(b), vec(cc), vec(dd))
# Rank correlations with and without ties, and with many studies.
set.seed(20)
rk <- character()
for (k in c(3, 7, 12, 50, 80)) { y <- rnorm(k); v <- runif(k, .01, .5); t <- ranktest(y, v); rk <- c(rk, sprintf('  {"yi": %s, "vi": %s, "tau": %s, "p": %s, "exact": %s}', vec(y), vec(v), num(t$tau), num(t$pval), "true")) }
for (k in c(8, 25)) { y <- rnorm(k); v <- round(runif(k, .1, .5), 1); t <- suppressWarnings(ranktest(y, v)); rk <- c(rk, sprintf('  {"yi": %s, "vi": %s, "tau": %s, "p": %s, "exact": false}', vec(y), vec(v), num(t$tau), num(t$pval))) }
txt <- paste0('{\n"source": {"R": "', R.version.string, '", "metafor": "', packageVersion("metafor"), '", "metadat": "', packageVersion("metadat"), '"},\n"data": {\n', paste(data, collapse = ",\n"), '\n},\n"selection": [\n', paste(out, collapse = ",\n"), '\n],\n"regressions": {\n', lmtxt, '\n},\n"rank": [\n', paste(rk, collapse = ",\n"), '\n]\n}\n')
writeLines(txt, file.path(outdir, "smallstudy.json"), sep = "")
