# Writes rtsa.json: trial sequential analyses of RTSA's own example data (perioOxy, eds, coronary).
# Run: Rscript rtsa.R > rtsa.json
suppressMessages({
  library(RTSA)
  library(jsonlite)
})
quiet <- function(...) suppressWarnings(suppressMessages(RTSA(..., tau_ci_method = "QP")))

bounds <- function(...) {
  out <- boundaries(...)
  list(
    timing = list(...)$timing, upper = out$alpha_ubound,
    inner = if (is.logical(out$beta_ubound)) NULL else out$beta_ubound,
    lower = if (is.logical(out$beta_lbound)) NULL else out$beta_lbound, root = out$root
  )
}
rows <- function(x) {
  frame <- x$results$results_df
  list(
    z = frame$z_random, mu = frame$outcome_random, timing = frame$sma_timing,
    upper = frame$upper, low = frame$TSAadjCIrandom_lower, high = frame$TSAadjCIrandom_upper,
    p = frame$pvalues_random, ris = x$results$RIS, d2 = x$results$metaanalysis$hete_results$hete_est$D.2,
    tau2 = x$results$metaanalysis$hete_results$hete_est$tau2, root = x$bounds$root
  )
}
swapped <- coronary
swapped[, c("eI", "nI", "eC", "nC")] <- coronary[, c("eC", "nC", "eI", "nI")]
oxygen <- quiet(
  type = "analysis", data = perioOxy, outcome = "RR", mc = 0.8, side = 2, alpha = 0.05,
  beta = 0.2, es_alpha = "esOF", random_adj = "D2", weights = "IV", re_method = "DL"
)
heart <- quiet(
  type = "analysis", data = swapped, outcome = "OR", mc = 1 / 0.9, side = 2, alpha = 0.05,
  beta = 0.1, es_alpha = "esOF", weights = "IV", power_adj = FALSE
)
years <- eds[order(eds$year), ]
mean_difference <- metaanalysis(
  outcome = "MD", data = years, weights = "IV", re_method = "DL", tau_ci_method = "QP"
)
cat(toJSON(list(
  source = list(
    program = "RTSA", version = as.character(packageVersion("RTSA")),
    R = R.version.string, script = "rtsa.R"
  ),
  data = list(perioOxy = perioOxy, eds = years, coronary = coronary),
  boundaries = list(
    list(sides = 1, alpha = 0.025, beta = 0.1, futility = "non-binding",
      out = bounds(timing = c(0.5, 0.75, 1), alpha = 0.025, beta = 0.1, side = 1,
        futility = "non-binding", es_alpha = "esOF", es_beta = "esOF")),
    list(sides = 1, alpha = 0.025, beta = 0.1, futility = "binding",
      out = bounds(timing = c(0.5, 0.75, 1), alpha = 0.025, beta = 0.1, side = 1,
        futility = "binding", es_alpha = "esOF", es_beta = "esOF")),
    list(sides = 2, alpha = 0.05, beta = 0.1, futility = "non-binding",
      out = bounds(timing = c(0.25, 0.5, 0.75, 1), alpha = 0.05, beta = 0.1, side = 2,
        futility = "non-binding", es_alpha = "esOF", es_beta = "esOF")),
    list(sides = 2, alpha = 0.05, beta = 0.1, futility = "binding",
      out = bounds(timing = c(0.25, 0.5, 0.75, 1), alpha = 0.05, beta = 0.1, side = 2,
        futility = "binding", es_alpha = "esOF", es_beta = "esOF"))
  ),
  oxygen = rows(oxygen),
  heart = c(rows(heart), list(seq_inf = heart$results$seq_inf[
    c("median_unbiased", "lower", "upper", "p.value", "stop_time")
  ])),
  eds = list(
    d2 = mean_difference$hete_results$hete_est$D.2,
    tau2 = mean_difference$hete_results$hete_est$tau2,
    mu = mean_difference$meta_results
  )
), auto_unbox = TRUE, null = "null", na = "null", digits = I(17), pretty = TRUE), "\n")
