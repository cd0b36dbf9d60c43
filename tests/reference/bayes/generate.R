# Posteriors of bayesmeta, run with tight tolerances, for tests/stats/bayes.
# Usage: Rscript generate.R [output_dir]
# Needs: bayesmeta (see "software" in the file that it writes), metafor.
# Every number is written with "%.17g", so that doubles round-trip exactly.
suppressPackageStartupMessages({library(metafor); library(bayesmeta)})
args <- commandArgs(trailingOnly = TRUE)
outdir <- if (length(args) >= 1) args[[1]] else "."

num <- function(x) ifelse(is.na(x), "null", ifelse(is.infinite(x), ifelse(x > 0, "\"Infinity\"", "\"-Infinity\""), sprintf("%.17g", x)))
vec <- function(x) paste0("[", paste(num(as.numeric(x)), collapse = ", "), "]")
txt <- function(x) paste0("\"", gsub("\"", "'", x), "\"")
obj <- function(l) paste0("{", paste0(mapply(function(n, v) paste0(txt(n), ": ", v), names(l), l), collapse = ",\n  "), "}")

data(list = c("CrinsEtAl2014", "Rubin1981", "SidikJonkman2007", "SnedecorCochran", "Cochran1954"), package = "bayesmeta")
crins <- escalc(measure = "OR", ai = exp.AR.events, n1i = exp.total, ci = cont.AR.events,
                n2i = cont.total, slab = publication, data = CrinsEtAl2014)
sj <- escalc(measure = "OR", ai = lihr.events, n1i = lihr.cases, ci = oihr.events,
             n2i = oihr.cases, slab = id, data = SidikJonkman2007)
turner <- TurnerEtAlPrior("surgical", "pharma", "placebo / control")
rhodes <- RhodesEtAlPrior()
hn <- function(s) function(t) dhalfnormal(t, scale = s)
hc <- function(s) function(t) dhalfcauchy(t, scale = s)
set <- list(
  list("crins", crins$yi, sqrt(crins$vi), hn(0.5), "half-normal(0.5)", 0, 4),
  list("crins_turner", crins$yi, sqrt(crins$vi), turner$dprior, "log-normal(-2.14, 1.74) on tau2", 0, 4),
  list("crins_rhodes", crins$yi, sqrt(crins$vi), rhodes$dprior, "log-t(-3.44, 2.59, 5) on tau2", NA, NA),
  list("crins_jeffreys", crins$yi, sqrt(crins$vi), "Jeffreys", "jeffreys", NA, NA),
  list("crins_randomised", crins$yi[c(1, 5)], sqrt(crins$vi[c(1, 5)]), hn(0.5), "half-normal(0.5)", 0, 4),
  list("crins_dumouchel", crins$yi, sqrt(crins$vi), "DuMouchel", "dumouchel", NA, NA),
  list("crins_shrinkage", crins$yi, sqrt(crins$vi), "shrinkage", "uniform-shrinkage", NA, NA),
  list("crins_i2", crins$yi, sqrt(crins$vi), "I2", "uniform-i2", NA, NA),
  list("crins_sqrt", crins$yi, sqrt(crins$vi), "sqrt", "sqrt", NA, NA),
  list("crins_bergerdeely", crins$yi, sqrt(crins$vi), "BergerDeely", "berger-deely", NA, NA),
  list("crins_conventional", crins$yi, sqrt(crins$vi), "conventional", "conventional", 0, 4),
  list("rubin", Rubin1981$effect, Rubin1981$stderr, hc(25), "half-cauchy(25)", 0, 50),
  list("rubin_flat", Rubin1981$effect, Rubin1981$stderr, "uniform", "flat", NA, NA),
  list("sidik_jonkman", sj$yi, sqrt(sj$vi), hn(1), "half-normal(1)", NA, NA),
  list("snedecor", SnedecorCochran[, "mean"], sqrt(SnedecorCochran[, "var"]), hc(10), "half-cauchy(10)", 50, 50),
  list("cochran", Cochran1954[, "mean"], sqrt(Cochran1954[, "se2"]), "uniform", "flat", NA, NA)
)
one <- function(s) {
  m <- bayesmeta(y = as.numeric(s[[2]]), sigma = as.numeric(s[[3]]), tau.prior = s[[4]],
                 mu.prior.mean = s[[6]], mu.prior.sd = s[[7]], delta = DELTA, epsilon = EPSILON)
  p <- c(0.025, 0.5, 0.975)
  obj(list(name = txt(s[[1]]), tau_prior = txt(s[[5]]),
    mu_prior = if (is.na(s[[6]])) txt("flat") else txt(sprintf("normal(%g, %g)", s[[6]], s[[7]])),
    yi = vec(s[[2]]), sei = vec(s[[3]]),
    tau = vec(m$summary[, "tau"]), mu = vec(m$summary[, "mu"]), new = vec(m$summary[, "theta"]),
    tau_quantiles = vec(m$qposterior(tau.p = p)), mu_quantiles = vec(m$qposterior(mu.p = p)),
    new_quantiles = vec(m$qposterior(theta.p = p, predict = TRUE)),
    mu_below_null = vec(m$pposterior(mu = 0)),
    study_1 = vec(m$theta[-(1:2), 1]), study_2 = vec(m$theta[-(1:2), 2]),
    ml = vec(m$ML), map = vec(m$MAP), bayesfactor = vec(m$bayesfactor),
    log_marginal = vec(if (is.finite(m$marginal.likelihood)) log(m$marginal.likelihood) else NA),
    weights = vec(m$weights)))
}
DELTA <- 1e-3
EPSILON <- 1e-7
found <- vapply(set, function(s) tryCatch(one(s), error = function(e) NA_character_), "")
found <- found[!is.na(found)]
cat("{\"schema\": \"bayes-reference/1\",\n \"software\": {\"R\": ", txt(paste(R.version$major, R.version$minor, sep = ".")),
    ", \"bayesmeta\": ", txt(as.character(packageVersion("bayesmeta"))), "},\n",
    " \"note\": \"rows of tau, mu, new, study: mode, median, mean, sd, shortest 95% interval; ml and map: tau joint, marginal, then mu; bayesfactor: tau=0 actual, minimum, then mu=0\",\n",
    " \"cases\": [\n", paste(found, collapse = ",\n"), "\n]}\n", sep = "", file = file.path(outdir, "bayesmeta.json"))
