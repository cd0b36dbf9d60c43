# Effect measures and pools of counts at awkward tables: zeros, missing rows, one study.
# Usage: Rscript generate.R OUTPUT.json
# Needs: metafor. Numbers are written with "%.17g"; NA and NaN are null.
suppressPackageStartupMessages(library(metafor))
number <- function(x) ifelse(is.na(x) | is.infinite(x), "null", sprintf("%.17g", as.numeric(x)))
array <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
text <- function(x) paste0("\"", x, "\"")
object <- function(...) {
  parts <- list(...)
  paste0("{", paste0(text(names(parts)), ": ", unlist(parts), collapse = ", "), "}")
}
effects <- function(...) {
  e <- suppressWarnings(escalc(...))
  list(yi = array(e$yi), vi = array(e$vi))
}
one <- function(x) number(if (length(x)) x[[1]] else NA)
pool <- function(r) list(k = one(r$k), b = one(r$beta), se = one(r$se), stat = one(r$zval),
  pval = one(r$pval), ci_lb = one(r$ci.lb), ci_ub = one(r$ci.ub), Q = one(r$QE), Q_p = one(r$QEp),
  I2 = one(r$I2), H2 = one(r$H2), test = one(r$MH), test_p = one(r$MHp), breslow_day = one(r$BD),
  tarone = one(r$TA), tarone_p = one(r$TAp))
entries <- c()
put <- function(...) entries <<- c(entries, do.call(object, list(...)))

tables <- list(
  zeros = list(ai = c(3, 0, 0, 5, 10, NA, 1), bi = c(7, 12, 8, 0, 10, 4, 0),
               ci = c(4, 2, 0, 7, 0, 2, 3), di = c(7, 8, 9, 0, 15, 3, 5)),
  one = list(ai = 4, bi = 16, ci = 9, di = 12),
  plain = list(ai = c(12, 5, 21), bi = c(30, 44, 60), ci = c(20, 9, 25), di = c(28, 41, 51)))
for (name in names(tables)) {
  t <- tables[[name]]
  cells <- lapply(t, array)
  for (m in c("OR", "RR", "RD", "AS", "PETO", "PHI", "PHI-ST", "YUQ", "YUY", "PBIT", "OR2DN", "OR2DL"))
    for (to in c("only0", "all", "if0all", "none")) for (drop in c(FALSE, TRUE)) {
      a <- c(t, list(measure = sub("-ST", "", m), to = to, drop00 = drop))
      if (m == "PHI") a$vtype <- "CS"
      if (m == "PHI-ST") a$vtype <- "ST"
      do.call(put, c(list(table = text(name), kind = text("two by two"), measure = text(m),
        to = text(to), drop00 = if (drop) "true" else "false"), cells, do.call(effects, a)))
    }
  for (m in c("OR", "RR", "RD")) for (correct in c(TRUE, FALSE)) {
    r <- suppressWarnings(do.call(rma.mh, c(t, list(measure = m, correct = correct))))
    do.call(put, c(list(table = text(name), kind = text("Mantel-Haenszel"), measure = text(m),
      correct = if (correct) "true" else "false"), cells, pool(r)))
  }
  r <- suppressWarnings(do.call(rma.peto, t))
  do.call(put, c(list(table = text(name), kind = text("Peto"), measure = text("OR")), cells, pool(r)))
}
rates <- list(x1i = c(3, 0, 0, 12), t1i = c(100.5, 50, 70, 210), x2i = c(5, 2, 0, 0), t2i = c(98, 61.5, 80, 190))
columns <- lapply(rates, array)
for (m in c("IRR", "IRD", "IRSD")) for (to in c("only0", "all", "if0all", "none"))
  do.call(put, c(list(kind = text("two rates"), measure = text(m), to = text(to)), columns,
    do.call(effects, c(rates, list(measure = m, to = to)))))
for (m in c("IRR", "IRD")) for (correct in c(TRUE, FALSE)) {
  r <- suppressWarnings(do.call(rma.mh, c(rates, list(measure = m, correct = correct))))
  do.call(put, c(list(kind = text("Mantel-Haenszel rates"), measure = text(m),
    correct = if (correct) "true" else "false"), columns, pool(r)))
}
x <- c(0, 3, 8, 5); n <- c(12, 10, 8, 40); tt <- c(10.5, 20, 33, 71)
for (to in c("only0", "all", "if0all", "none")) {
  for (m in c("PR", "PLN", "PLO", "PAS", "PFT"))
    do.call(put, c(list(kind = text("proportion"), measure = text(m), to = text(to), xi = array(x), ni = array(n)),
      effects(measure = m, xi = x, ni = n, to = to)))
  for (m in c("IR", "IRLN", "IRS", "IRFT"))
    do.call(put, c(list(kind = text("one rate"), measure = text(m), to = text(to), xi = array(x), ti = array(tt)),
      effects(measure = m, xi = x, ti = tt, to = to)))
}
g <- list(m1i = c(5, -3, 2.5), sd1i = c(2, 1, 0.4), n1i = c(10, 30, 2), m2i = c(4, 3.5, 2), sd2i = c(1.5, 2, 0.7), n2i = c(12, 33, 3))
for (m in c("MD", "SMD", "SMDH", "SMD1", "ROM", "VR", "CVR"))
  do.call(put, c(list(kind = text("two means"), measure = text(m)), lapply(g, array), do.call(effects, c(g, list(measure = m)))))
p <- list(m1i = c(5, 3, 2.5), sd1i = c(2, 1, 0.4), m2i = c(4, 3.5, 2), sd2i = c(1.5, 2, 0.7), ni = c(10, 30, 4), ri = c(0.5, -0.3, 0.9))
for (m in c("MC", "SMCC", "SMCR", "ROMC"))
  do.call(put, c(list(kind = text("paired means"), measure = text(m)), lapply(p, array), do.call(effects, c(p, list(measure = m)))))
# metafor stops at a negative mean under MNLN.
s <- list(mi = c(5, 3, 1), sdi = c(2, 1, 0.4), ni = c(10, 30, 4))
for (m in c("MN", "MNLN"))
  do.call(put, c(list(kind = text("one mean"), measure = text(m)), lapply(s, array), do.call(effects, c(s, list(measure = m)))))
r <- list(ri = c(0.5, -0.3, 0.1, 0.95), ni = c(10, 30, 4, 6))
for (m in c("COR", "UCOR", "ZCOR"))
  do.call(put, c(list(kind = text("correlation"), measure = text(m)), lapply(r, array), do.call(effects, c(r, list(measure = m)))))
y <- c(-0.1, 0, 0.2, 0.9, 1.2, 1.5, 2)
put(kind = text("back"), measure = text("PFT"), y = array(y), n = number(11), natural = array(transf.ipft(y, ni = 11)))
put(kind = text("back"), measure = text("PAS"), y = array(y), n = number(NA), natural = array(transf.iarcsin(y)))
put(kind = text("back"), measure = text("PLO"), y = array(y), n = number(NA), natural = array(transf.ilogit(y)))
put(kind = text("back"), measure = text("ZCOR"), y = array(y), n = number(NA), natural = array(transf.ztor(y)))
put(kind = text("back"), measure = text("IRFT"), y = array(y), n = number(11), natural = array(transf.iirft(y, ti = 11)))
source <- object(R = text(as.character(getRversion())), metafor = text(as.character(packageVersion("metafor"))))
writeLines(paste0("{\"source\": ", source, ",\n\"entries\": [\n", paste(entries, collapse = ",\n"), "\n]}"),
  commandArgs(trailingOnly = TRUE)[[1]])
