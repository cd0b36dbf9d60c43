# Numbers of npsurvSS 1.1.0 (Yung and Liu 2020, doi:10.1111/biom.13196) for three tests.
# Usage: Rscript generate.R FOLDER_OF_NPSURVSS > npsurvss.json
folder <- commandArgs(TRUE)[1]
for (f in list.files(file.path(folder, "R"), full.names = TRUE)) source(f)
version <- read.dcf(file.path(folder, "DESCRIPTION"))[1, "Version"]
num <- function(x) sprintf("%.17g", x)
arms <- function(p, accrual, follow, scale0, scale1, interval = c(0, Inf), loss = 0.004, acc_int = NULL, acc_prob = 1) {
  acc_int <- if (is.null(acc_int)) c(0, accrual) else acc_int
  make <- function(size, scale) create_arm(
    size = size, accr_time = accrual, accr_dist = "pieceuni", accr_interval = acc_int,
    accr_param = acc_prob, surv_interval = interval, surv_scale = scale,
    loss_scale = loss, follow_time = follow)
  list(a0 = make(500 * (1 - p), scale0), a1 = make(500 * p, scale1))
}
cases <- list(
  ph = arms(0.5, 36, 24, 0.014, 0.0098),
  unequal = arms(2 / 3, 36, 24, 0.014, 0.0098),
  delayed = arms(0.5, 24, 36, c(0.02, 0.02), c(0.02, 0.011), c(0, 6, Inf)),
  crossing = arms(0.4, 12, 40, c(0.01, 0.03, 0.02), c(0.02, 0.012, 0.012), c(0, 10, 30, Inf)),
  ramp = arms(0.5, 36, 24, 0.014, 0.0098, acc_int = c(0, 12, 36), acc_prob = c(0.2, 0.8))
)
tests <- list(
  logrank = list(test = "weighted logrank", var.approx = "block"),
  rmst = list(test = "rmst difference", milestone = 42),
  survival = list(test = "survival difference", milestone = 36)
)
rows <- c()
for (name in names(cases)) for (kind in names(tests)) {
  a <- cases[[name]]
  p <- power_two_arm(a$a0, a$a1, tests[[kind]], alpha = 0.025, sides = 1)
  events <- prob_event(a$a0) * a$a0$size + prob_event(a$a1) * a$a1$size
  rows <- c(rows, sprintf('    {"case": "%s", "test": "%s", "power": %s, "events": %s}',
    name, kind, num(p), num(events)))
}
cat('{\n  "source": {"software": "npsurvSS ', version, '", "r": "', R.version$version.string, '"},\n  "patients": 500,\n  "rows": [\n', paste(rows, collapse = ",\n"), '\n  ]\n}\n', sep = "")
