# Numbers of R for analyses of individual times of several studies.
# Usage: Rscript generate.R, in this folder. Needs survival and metafor.
# Data: ../survival/data (veteran, lung, ovarian of R's survival package), times in days as they are.
# Every number is written with "%.17g".
suppressPackageStartupMessages({library(survival); library(metafor)})
one <- function(name, column) {
  d <- read.csv(file.path("..", "survival", "data", paste0(name, ".csv")))
  data.frame(study = name, time = d$time, event = d$event, treated = as.numeric(d[[column]] == 2))
}
d <- rbind(one("lung", "sex"), one("ovarian", "rx"), one("veteran", "trt"))
d$person <- seq_len(nrow(d))
num <- function(x) {
  v <- ifelse(is.na(x), "null", sprintf("%.17g", as.numeric(x)))
  if (length(v) == 1) v else paste0("[", paste(v, collapse = ", "), "]")
}
out <- list()
put <- function(name, x) out[[name]] <<- num(x)
# R stops at a relative change of 1e-9 by default.
cox <- function(formula, ...) {
  call <- match.call(); call[[1]] <- as.name("coxph")
  call$control <- quote(coxph.control(eps = 1e-14, iter.max = 50))
  eval(call, parent.frame())
}
se <- function(fit) sqrt(diag(as.matrix(fit$var)))

## One stage
f <- cox(Surv(time, event) ~ treated + strata(study), d)
put("one_stage_coef", coef(f)); put("one_stage_se_model", se(f))
put("one_stage_se_robust", se(cox(Surv(time, event) ~ treated + strata(study), d, cluster = person)))
put("one_stage_se_robust-by-study",
    se(cox(Surv(time, event) ~ treated + strata(study), d, cluster = study)))

## By interval
cuts <- c(120, 300)
s <- survSplit(Surv(time, event) ~ ., d, cut = cuts, episode = "piece", start = "entry")
for (k in 1:3) s[[paste0("t", k)]] <- s$treated * (s$piece == k)
m <- Surv(entry, time, event) ~ t1 + t2 + t3 + strata(study, piece)
put("cuts", cuts); f <- cox(m, s)
put("piecewise_coef", coef(f)); put("piecewise_se_model", se(f))
put("piecewise_se_robust", se(cox(m, s, cluster = person)))
put("piecewise_se_robust-by-study", se(cox(m, s, cluster = study)))

## Trend with log time, updated at every event time of the study
parts <- lapply(split(d, d$study), function(x) {
  at <- sort(unique(x$time[x$event == 1]))
  survSplit(Surv(time, event) ~ ., x, cut = at, start = "entry")
})
s <- do.call(rbind, parts); s$log_time <- s$treated * log(s$time)
# The end of a row is an event time, or lies after the last one before a censoring, where no event is.
m <- Surv(entry, time, event) ~ treated + log_time + strata(study)
f <- cox(m, s)
put("log_time_coef", coef(f)); put("log_time_se_model", se(f)); put("log_time_cov", f$var[1, 2])
r <- cox(m, s, cluster = person)
put("log_time_se_robust", se(r)); put("log_time_cov_robust", r$var[1, 2])
put("log_time_se_robust-by-study", se(cox(m, s, cluster = study)))

## Proportional hazards
for (name in unique(d$study)) {
  z <- cox.zph(cox(Surv(time, event) ~ treated, d, subset = study == name), transform = "km")
  put(paste0("zph_", name), z$table["GLOBAL", "p"])
}
z <- cox.zph(cox(Surv(time, event) ~ treated + strata(study), d), transform = "km")
put("zph_all", z$table["GLOBAL", "p"])

## Restricted means and survival: area under survfit's curve, Greenwood's variance
area <- function(x, tau) {
  k <- survfit(Surv(time, event) ~ 1, x); keep <- k$time <= tau
  t <- c(0, k$time[keep], tau); s <- c(1, k$surv[keep]); pieces <- diff(t) * s
  right <- rev(cumsum(rev(pieces)))[-1]
  n <- k$n.risk[keep]; e <- k$n.event[keep]
  term <- ifelse(e > 0 & n > e, right^2 * e / (n * (n - e)), 0)
  c(sum(pieces), sum(term))
}
tau <- 500; at <- 365; put("horizon", tau); put("at", at)
rm <- rse <- sd <- sse <- yi <- sei <- c()
for (name in sort(unique(d$study))) {
  x <- d[d$study == name, ]; a <- area(x[x$treated == 1, ], tau); b <- area(x[x$treated == 0, ], tau)
  rm <- c(rm, a[1] - b[1]); rse <- c(rse, sqrt(a[2] + b[2]))
  p <- summary(survfit(Surv(time, event) ~ treated, x), times = at)
  sd <- c(sd, p$surv[2] - p$surv[1]); sse <- c(sse, sqrt(sum(p$std.err^2)))
  f <- cox(Surv(time, event) ~ treated, x); yi <- c(yi, coef(f)); sei <- c(sei, se(f))
}
put("rmst_difference", rm); put("rmst_se", rse)
put("survival_difference", sd); put("survival_se", sse)
put("study_coef", yi); put("study_se", sei)
for (v in c("hr", "rmst", "survival")) {
  y <- switch(v, hr = yi, rmst = rm, survival = sd); w <- switch(v, hr = sei, rmst = rse, survival = sse)
  p <- rma(y, sei = w, method = "DL")
  put(paste0("pool_", v), c(p$b, p$se, p$tau2))
}
lines <- paste0('  "', names(out), '": ', unlist(out))
source <- sprintf('  "source": "R %s, survival %s, metafor %s"', getRversion(),
                  packageVersion("survival"), packageVersion("metafor"))
writeLines(c("{", paste(c(source, lines), collapse = ",\n"), "}"), "pooled.json")
