# Cluster-robust inference, CR2 and further nested fits for tests/reference/meta/clusters.json.
# Usage: Rscript generate_clusters.R OUTDIR
# Needs: metafor, metadat, clubSandwich. Numbers are written with "%.17g".
suppressPackageStartupMessages({library(metafor); library(metadat); library(clubSandwich)})
out <- commandArgs(trailingOnly = TRUE)[[1]]
num <- function(x) { x <- as.numeric(x); paste0("[", paste(ifelse(is.na(x), "null", sprintf("%.17g", x)), collapse = ", "), "]") }
obj <- function(...) { a <- list(...); paste0("{", paste(sprintf("\"%s\": %s", names(a), unlist(a)), collapse = ", "), "}") }
str <- function(x) sprintf("\"%s\"", x)
d <- dat.konstantopoulos2011
tight <- list(rel.tol = 1e-10)
fits <- list(
  uni_mean = rma.uni(yi, vi, data = d, method = "REML", control = list(threshold = 1e-14, maxiter = 1500)),
  uni_year = rma.uni(yi, vi, mods = ~ year, data = d, method = "DL"),
  uni_fe = rma.uni(yi, vi, mods = ~ year, data = d, method = "FE"),
  mv_mean = rma.mv(yi, vi, random = ~ 1 | district/school, data = d, control = tight),
  mv_year = rma.mv(yi, vi, mods = ~ year, random = ~ 1 | district/school, data = d, control = tight),
  mv_ml = rma.mv(yi, vi, random = ~ 1 | district/school, data = d, method = "ML", control = tight),
  mv_outer = rma.mv(yi, vi, random = ~ 1 | district, data = d, control = tight))
rows <- c()
for (n in names(fits)) {
  r <- fits[[n]]; mv <- inherits(r, "rma.mv")
  o <- list(b = num(r$beta), se = num(r$se), Q = num(r$QE), QM = num(r$QM), QM_p = num(r$QMp), loglik = num(as.numeric(logLik(r))),
    AIC = num(AIC(r)), BIC = num(BIC(r)))
  if (mv) {
    o$sigma2 <- num(r$sigma2)
    if (r$p == 1) { q <- predict(r); o$pi <- num(c(q$pi.lb, q$pi.ub)) }
    if (n %in% c("mv_mean", "mv_ml")) { ci <- confint(r, control = list(tol = 1e-12)); o$profile <- num(c(ci[[1]]$random[1, 2:3], ci[[2]]$random[1, 2:3])) }
  } else o$tau2 <- num(r$tau2)
  for (adj in c(FALSE, TRUE)) {
    s <- robust(r, cluster = d$district, adjust = adj)
    o[[if (adj) "CR1" else "CR0"]] <- obj(se = num(s$se), df = num(if (is.null(s$ddf)) s$dfs else s$ddf), pval = num(s$pval), ci_lb = num(s$ci.lb), ci_ub = num(s$ci.ub), QM = num(s$QM), QM_p = num(s$QMp))
  }
  ct <- coef_test(r, vcov = "CR2", cluster = d$district, test = "Satterthwaite")
  dfn <- if ("df_Satt" %in% names(ct)) ct$df_Satt else ct$df
  o$CR2 <- obj(se = num(ct$SE), df = num(dfn), pval = num(if ("p_Satt" %in% names(ct)) ct$p_Satt else ct$p_t))
  rows <- c(rows, sprintf("\"%s\": %s", n, do.call(obj, o)))
}
src <- obj(R = str(paste(R.version$major, R.version$minor, sep = ".")), metafor = str(packageVersion("metafor")), metadat = str(packageVersion("metadat")), clubSandwich = str(packageVersion("clubSandwich")))
data <- obj(district = num(d$district), school = num(d$school), year = num(d$year), yi = num(d$yi), vi = num(d$vi))
writeLines(sprintf("{\"source\": %s,\n\"dataset\": \"dat.konstantopoulos2011\",\n\"data\": %s,\n\"fits\": {\n%s\n}}", src, data, paste(rows, collapse = ",\n")), file.path(out, "clusters.json"))
