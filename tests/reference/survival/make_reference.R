# Reference outputs for survival methods, produced by R packages on real data sets that ship with
# those packages. Run:  Rscript make_reference.R OUTDIR [kept]
# With "kept" only the data sets of KEPT and their cases are written.
# OUTDIR/data/*.csv[.gz] inputs, OUTDIR/cases/*.json results, OUTDIR/index.json list of cases.
suppressMessages({
  library(survival); library(jsonlite); library(cmprsk); library(MatchIt); library(sandwich); library(riskRegression)
})
args <- commandArgs(TRUE); OUT <- if (length(args)) args[1] else "."
KEPT <- if (length(args) > 1 && args[2] == "kept") c("lung", "veteran", "ovarian", "gbsg", "heart", "mgus2", "jasa", "lalonde", "bladder1", "bladder2", "cgd", "jasa_clones_g30", "jasa_clones_g60", paste0("edge_", c("ties", "zero_weight", "entry_gap", "no_events_group", "last_event", "float_ties")))
kept <- function(name) is.null(KEPT) || name %in% KEPT
dir.create(file.path(OUT, "data"), showWarnings = FALSE, recursive = TRUE)
unlink(file.path(OUT, "cases"), recursive = TRUE); dir.create(file.path(OUT, "cases"))
INDEX <- list()

num17 <- function(x) ifelse(is.na(x), "", ifelse(x == round(x) & abs(x) < 1e15, format(x, scientific = FALSE, trim = TRUE, digits = 17), sprintf("%.17g", x)))
write_data <- function(df, name) {
  if (!kept(name)) return(invisible(df))
  for (k in names(df)) { if (is.factor(df[[k]])) stop("factor ", k); if (is.logical(df[[k]])) df[[k]] <- as.integer(df[[k]]) }
  txt <- c(paste(names(df), collapse = ","), do.call(paste, c(lapply(df, function(v) if (is.character(v)) v else num17(v)), sep = ",")))
  gz <- sum(nchar(txt)) > 150000
  f <- file.path(OUT, "data", paste0(name, if (gz) ".csv.gz" else ".csv"))
  con <- if (gz) gzfile(f, "w") else file(f, "w"); writeLines(txt, con); close(con)
  message(name, ": ", nrow(df), " rows -> ", basename(f)); invisible(df)
}
# named vectors / matrices become plain arrays with names kept aside
# jsonlite stops at 15 significant digits, so doubles are written as marked strings with 17 and unquoted afterwards
enc <- function(x) {
  if (is.data.frame(x)) { for (k in names(x)) x[[k]] <- enc(x[[k]]); return(x) }
  if (is.list(x)) return(lapply(x, enc))
  if (is.double(x)) { r <- ifelse(is.na(x), NA_character_, ifelse(is.infinite(x), ifelse(x > 0, "Inf", "-Inf"), paste0("@@", sprintf("%.17g", x), "@@"))); attributes(r) <- attributes(x); return(r) }
  x
}
put <- function(id, dataset, method, call, args, result) {
  if (!kept(dataset)) return(invisible())
  stopifnot(!id %in% names(INDEX))
  obj <- list(id = id, dataset = dataset, method = method, r_call = call, args = args, result = result)
  s <- gsub('"@@([^"@]*)@@"', "\\1", toJSON(enc(obj), auto_unbox = TRUE, na = "null", null = "null", pretty = FALSE))
  f <- file.path(OUT, "cases", paste0(id, ".json"))
  if (nchar(s) > 400000) { f <- paste0(f, ".gz"); con <- gzfile(f, "w") } else con <- file(f, "w")
  writeLines(s, con); close(con)
  INDEX[[id]] <<- list(id = id, dataset = dataset, method = method, file = paste0("cases/", basename(f)))
}
v <- function(x) if (is.null(x)) NULL else I(unname(as.vector(x)))
mat <- function(m) if (is.null(m)) NULL else unname(as.matrix(m))
fml <- function(lhs, rhs) as.formula(paste(lhs, "~", paste(rhs, collapse = " + ")))

# ------------------------------------------------------------------ data sets (numeric columns only)
D <- list()
D$lung <- with(survival::lung, data.frame(id = seq_along(time), time, event = as.integer(status == 2), age, sex, ph_ecog = ph.ecog, ph_karno = ph.karno, wt_loss = wt.loss, inst))
D$veteran <- with(survival::veteran, data.frame(id = seq_along(time), time, event = status, trt, karno, diagtime, age, prior, squamous = as.integer(celltype == "squamous"), smallcell = as.integer(celltype == "smallcell"), adeno = as.integer(celltype == "adeno"), cellcode = as.integer(celltype)))
D$ovarian <- with(survival::ovarian, data.frame(id = seq_along(futime), time = futime, event = fustat, age, resid = resid.ds, rx, ecog = ecog.ps))
D$pbc <- with(survival::pbc, data.frame(id, time, status, event = as.integer(status == 2), trt, age, female = as.integer(sex == "f"), ascites, hepato, spiders, edema, bili, chol, albumin, copper, alk_phos = alk.phos, ast, trig, platelet, protime, stage, log_bili = log(bili), log_albumin = log(albumin), log_protime = log(protime)))
D$colon <- with(survival::colon, data.frame(id, time, event = status, etype, rx_lev = as.integer(rx == "Lev"), rx_lev5fu = as.integer(rx == "Lev+5FU"), rxcode = as.integer(rx), sex, age, obstruct, perfor, adhere, nodes, differ, extent, surg, node4))
rot <- survival::rotterdam
D$rotterdam <- with(rot, data.frame(id = pid, year, age, meno, size20_50 = as.integer(size == "20-50"), size50 = as.integer(size == ">50"), grade, nodes, pgr, er, hormon, chemo, rtime, recur, dtime, death,
  rfstime = pmin(rtime, dtime), rfs = pmax(recur, death), log_nodes = log1p(nodes), log_pgr = log1p(pgr), log_er = log1p(er)))
D$gbsg <- with(survival::gbsg, data.frame(id = pid, age, meno, size, grade, nodes, pgr, er, hormon, time = rfstime, event = status, log_nodes = log1p(nodes), log_pgr = log1p(pgr), log_er = log1p(er)))
fl <- survival::flchain; fl$futime[fl$futime == 0] <- 0.5
D$flchain <- with(fl, data.frame(id = seq_along(age), age, male = as.integer(sex == "M"), kappa, lambda, flc_grp = flc.grp, creatinine, mgus, time = futime, event = death, age_start = age, age_stop = age + futime / 365.25))
b1 <- survival::bladder1; b1 <- b1[b1$stop > b1$start, ]
D$bladder1 <- with(b1, data.frame(id, thiotepa = as.integer(treatment == "thiotepa"), pyridoxine = as.integer(treatment == "pyridoxine"), number, size, start, stop, event = as.integer(status == 1), enum))
D$bladder2 <- with(survival::bladder2, data.frame(id, rx, number, size, start, stop, event, enum))
cg <- survival::cgd
D$cgd <- with(cg, data.frame(id, treat = as.integer(treat == "rIFN-g"), female = as.integer(sex == "female"), age, height, weight, autosomal = as.integer(inherit == "autosomal"), steroids, propylac, hos_us = as.integer(hos.cat %in% c("US:NIH", "US:other")), start = tstart, stop = tstop, event = status, enum))
h <- survival::heart
D$heart <- with(h, data.frame(id, start, stop, event, age, year, surgery, transplant = as.integer(transplant == "1")))
m2 <- survival::mgus2
m2$etime <- with(m2, ifelse(pstat == 0, futime, ptime)); m2$estat <- with(m2, ifelse(pstat == 0, 2 * death, 1))
m2$etime0 <- pmax(m2$etime, 0.5)
D$mgus2 <- with(m2, data.frame(id, age, male = as.integer(sex == "M"), hgb, creat, mspike, ptime, pstat, futime, death, etime = etime0, estatus = estat, age_start = age, age_stop = age + etime0 / 12))
ja <- survival::jasa
D$jasa <- with(ja, data.frame(id = seq_along(age), futime, fustat, wait_time = wait.time, transplant, age, surgery, year = as.numeric(accept.dt - as.Date("1967-10-01")) / 365.25))
# deterministic, reproducible weights for the weighted cases (no RNG)
wt1 <- function(n) round(0.5 + ((seq_len(n) * 7919) %% 101) / 67, 4)
for (k in names(D)) D[[k]]$wt <- wt1(nrow(D[[k]]))
D$lung$wint <- 1 + (seq_len(nrow(D$lung)) %% 3)
L <- list()

# ------------------------------------------------------------------ Kaplan-Meier
km_out <- function(f) {
  st <- if (is.null(f$strata)) NULL else rep(seq_along(f$strata), f$strata)
  g <- if (is.null(st)) list(seq_along(f$time)) else split(seq_along(f$time), st)
  nm <- if (is.null(st)) "all" else names(f$strata)
  s <- summary(f, censored = TRUE)
  lapply(seq_along(g), function(i) { k <- g[[i]]
    list(stratum = nm[i], n = unname(f$n[i]), time = v(f$time[k]), n_risk = v(f$n.risk[k]), n_event = v(f$n.event[k]), n_censor = v(f$n.censor[k]),
      n_enter = if (is.null(f$n.enter)) NULL else v(f$n.enter[k]),
      surv = v(f$surv[k]), std_err_surv = v(s$std.err[k]), std_err_r = v(f$std.err[k]), lower = v(f$lower[k]), upper = v(f$upper[k]),
      cumhaz = v(f$cumhaz[k]), std_chaz = v(f$std.chaz[k])) })
}
qt <- function(f) { q <- quantile(f, probs = c(.25, .5, .75), conf.int = TRUE); list(probs = c(.25, .5, .75), quantile = mat(q$quantile), lower = mat(q$lower), upper = mat(q$upper)) }
km <- function(id, ds, lhs, group = NULL, conf = "log-log", taus = NULL, times = NULL, wcol = NULL, robust = NULL, idcol = NULL, stype = 1, ctype = 1, subset = NULL, with_q = TRUE) {
  d <- D[[ds]]; if (!is.null(subset)) d <- d[eval(parse(text = subset), d), ]
  rhs <- if (is.null(group)) "1" else paste0("strata(", group, ")")
  a <- list(formula = fml(lhs, rhs), data = d, conf.type = conf, stype = stype, ctype = ctype)
  if (!is.null(wcol)) a$weights <- d[[wcol]]
  if (!is.null(idcol)) a$id <- d[[idcol]]
  if (!is.null(robust)) a$robust <- robust
  f <- do.call(survfit, a)
  r <- list(curves = km_out(f), conf_type = conf)
  if (with_q) r$quantiles <- tryCatch(qt(f), error = function(e) NULL)
  if (!is.null(taus)) r$rmst <- lapply(taus, function(tau) { t <- summary(f, rmean = tau)$table; t <- if (is.matrix(t)) t else t(as.matrix(t))
    e <- unname(t[, "rmean"]); se <- unname(t[, "se(rmean)"])
    o <- list(tau = tau, rmst = I(e), se = I(se))
    if (length(e) == 2) { z <- (e[2] - e[1]) / sqrt(sum(se^2)); o$diff_2_minus_1 <- e[2] - e[1]; o$se_diff <- sqrt(sum(se^2)); o$z <- z; o$p <- 2 * pnorm(-abs(z)); o$ratio_2_over_1 <- e[2] / e[1]; o$se_log_ratio <- sqrt(sum((se / e)^2)) }
    o })
  if (!is.null(times)) { s <- summary(f, times = times, extend = TRUE); r$at_times <- list(times = times, stratum = if (is.null(s$strata)) NULL else as.character(s$strata), time = v(s$time), surv = v(s$surv), std_err = v(s$std.err), lower = v(s$lower), upper = v(s$upper), n_risk = v(s$n.risk)) }
  put(id, ds, "kaplan_meier", paste0("survfit(", lhs, " ~ ", rhs, ", conf.type='", conf, "', stype=", stype, ", ctype=", ctype, if (!is.null(wcol)) paste0(", weights=", wcol), if (!is.null(idcol)) paste0(", id=", idcol), if (!is.null(robust)) paste0(", robust=", robust), ")"),
    list(response = lhs, group = group, conf_type = conf, weights = wcol, robust = robust, id = idcol, stype = stype, ctype = ctype, subset = subset), r)
}
S <- "Surv(time, event)"
for (ct in c("log-log", "log", "plain", "logit", "arcsin")) km(paste0("km_lung_", gsub("-", "", ct)), "lung", S, conf = ct, taus = if (ct == "log-log") c(180, 365, 700), times = c(30, 100, 365, 800))
km("km_lung_sex", "lung", S, "sex", taus = c(180, 365, 700), times = c(100, 365, 730))
km("km_lung_fh1", "lung", S, "sex", stype = 2, ctype = 1, with_q = FALSE)
km("km_lung_fh2", "lung", S, "sex", stype = 2, ctype = 2, with_q = FALSE)
km("km_lung_wint", "lung", S, "sex", wcol = "wint", robust = FALSE, taus = 365)
km("km_lung_wt_norobust", "lung", S, "sex", wcol = "wt", robust = FALSE, taus = 365)
km("km_lung_wt_robust", "lung", S, "sex", wcol = "wt", robust = TRUE, idcol = "id", taus = 365)
km("km_veteran_cell", "veteran", S, "cellcode", taus = c(90, 180), times = c(30, 90, 180))
km("km_ovarian_rx", "ovarian", S, "rx", taus = c(365, 600))
km("km_pbc_trt", "pbc", S, "trt", taus = c(1826, 3000), subset = "!is.na(trt)", times = c(365, 1826, 3650))
km("km_colon_death_rx", "colon", S, "rxcode", taus = c(1826), subset = "etype == 2", times = c(365, 1826))
km("km_rotterdam_hormon", "rotterdam", "Surv(dtime, death)", "hormon", taus = c(1826, 3650), times = c(365, 1826, 3650))
km("km_rotterdam_rfs_chemo", "rotterdam", "Surv(rfstime, rfs)", "chemo", taus = c(1826, 3650))
km("km_rotterdam_wt_robust", "rotterdam", "Surv(dtime, death)", "hormon", wcol = "wt", robust = TRUE, idcol = "id", taus = c(1826, 3650))
km("km_gbsg_hormon", "gbsg", S, "hormon", taus = c(1000, 2000))
km("km_flchain_male", "flchain", S, "male", taus = c(1826, 4000))
km("km_mgus2_death", "mgus2", "Surv(futime, death)", "male", taus = c(120, 240), subset = "futime > 0")
km("km_heart_entry", "heart", "Surv(start, stop, event)", "transplant", taus = 365, with_q = TRUE)
km("km_heart_id", "heart", "Surv(start, stop, event)", idcol = "id")
km("km_flchain_agescale", "flchain", "Surv(age_start, age_stop, event)", "male", with_q = TRUE)
km("km_mgus2_agescale_wt", "mgus2", "Surv(age_start, age_stop, death)", "male", wcol = "wt", robust = FALSE)
km("km_cgd_id_robust", "cgd", "Surv(start, stop, event)", "treat", idcol = "id", robust = TRUE)

# pseudo-observations
f <- survfit(Surv(time, event) ~ 1, data = D$lung)
put("pseudo_lung", "lung", "pseudo_observations", "pseudo(survfit(Surv(time,event)~1), times, type)", list(response = S, times = c(180, 365)),
  list(surv = mat(pseudo(f, times = c(180, 365), type = "surv")), rmst = mat(pseudo(f, times = c(180, 365), type = "rmst"))))

# ------------------------------------------------------------------ log-rank family
lr <- function(id, ds, lhs, group, strat = NULL, rho = 0, subset = NULL) {
  d <- D[[ds]]; if (!is.null(subset)) d <- d[eval(parse(text = subset), d), ]
  rhs <- c(group, if (!is.null(strat)) paste0("strata(", strat, ")"))
  f <- survdiff(fml(lhs, rhs), data = d, rho = rho); df <- length(f$n) - 1
  put(id, ds, "survdiff", paste0("survdiff(", lhs, " ~ ", paste(rhs, collapse = "+"), ", rho=", rho, ")"), list(response = lhs, group = group, strata = strat, rho = rho, subset = subset),
    list(n = v(f$n), obs = mat(f$obs), exp = mat(f$exp), var = mat(f$var), chisq = unname(f$chisq), df = df, p = pchisq(unname(f$chisq), df, lower.tail = FALSE)))
}
for (rho in c(0, 1, 0.5)) { tag <- paste0("_rho", rho)
  lr(paste0("survdiff_lung_sex", tag), "lung", S, "sex", rho = rho)
  lr(paste0("survdiff_veteran_cell", tag), "veteran", S, "cellcode", rho = rho)
  lr(paste0("survdiff_rotterdam_hormon", tag), "rotterdam", "Surv(dtime, death)", "hormon", rho = rho)
  lr(paste0("survdiff_colon_rx", tag), "colon", S, "rxcode", rho = rho, subset = "etype == 2") }
lr("survdiff_lung_sex_strata", "lung", S, "sex", strat = "ph_ecog", subset = "!is.na(ph_ecog)")
lr("survdiff_gbsg_hormon_strata", "gbsg", S, "hormon", strat = "grade")
lr("survdiff_ovarian", "ovarian", S, "rx")

# ------------------------------------------------------------------ Cox
zph <- function(f) lapply(c(km = "km", rank = "rank", identity = "identity", log = "log"), function(tr) { z <- tryCatch(cox.zph(f, transform = tr), error = function(e) NULL); if (is.null(z)) NULL else list(rows = rownames(z$table), chisq = v(z$table[, 1]), df = v(z$table[, 2]), p = v(z$table[, 3])) })
cox <- function(id, ds, lhs, x, ties = "efron", strat = NULL, wcol = NULL, cluster = NULL, robust = NULL, subset = NULL, offset = NULL, do_zph = FALSE, curves = FALSE, resid = FALSE) {
  d <- D[[ds]]; if (!is.null(subset)) d <- d[eval(parse(text = subset), d), ]
  used <- c(all.vars(parse(text = lhs)), all.vars(parse(text = paste(x, collapse = "+"))), strat, wcol, cluster, if (!is.null(offset)) all.vars(parse(text = offset)))
  d <- d[complete.cases(d[, used]), ]
  zero_dropped <- FALSE; if (!is.null(wcol) && any(d[[wcol]] == 0)) { d <- d[d[[wcol]] > 0, ]; zero_dropped <- TRUE }   # coxph refuses zero weights
  rhs <- c(x, if (!is.null(strat)) paste0("strata(", strat, ")"), if (!is.null(offset)) paste0("offset(", offset, ")"))
  a <- list(formula = fml(lhs, rhs), data = d, ties = ties, control = coxph.control(eps = 1e-11, iter.max = 100), x = TRUE)
  if (!is.null(wcol)) a$weights <- d[[wcol]]
  if (!is.null(cluster)) a$cluster <- d[[cluster]]
  if (!is.null(robust)) a$robust <- robust
  f <- do.call(coxph, a); s <- summary(f)
  r <- list(n = f$n, nevent = f$nevent, covariates = names(coef(f)), coef = v(coef(f)), se = v(sqrt(diag(f$var))), var = mat(f$var),
    naive_var = if (is.null(f$naive.var)) NULL else mat(f$naive.var), naive_se = if (is.null(f$naive.var)) NULL else v(sqrt(diag(f$naive.var))),
    loglik = v(f$loglik), score_test = unname(f$score), wald_test = unname(f$wald.test), robust_score = if (is.null(f$rscore)) NULL else unname(f$rscore), lr_test = unname(s$logtest["test"]),
    means = v(f$means), concordance = unname(f$concordance["concordance"]), concordance_std = unname(f$concordance["std"]),
    concordance_counts = v(f$concordance[c("concordant", "discordant", "tied.x", "tied.y", "tied.xy")]), lp_head = v(head(f$linear.predictors, 10)))
  if (resid) { r$martingale <- v(residuals(f, "martingale")); r$deviance_head <- v(head(residuals(f, "deviance"), 20)); r$score_resid_head <- mat(head(as.matrix(residuals(f, "score")), 20)); r$dfbeta_head <- mat(head(as.matrix(residuals(f, "dfbeta")), 20)); r$schoenfeld_head <- mat(head(as.matrix(residuals(f, "schoenfeld")), 20)) }
  if (do_zph) r$cox_zph <- zph(f)
  if (curves) { bh <- basehaz(f, centered = FALSE); r$basehaz_uncentered <- list(time = v(bh$time), hazard = v(bh$hazard), strata = if (is.null(bh$strata)) NULL else as.character(bh$strata))
    if (is.null(strat)) { nd <- d[c(1, 5, 9), ]; sf <- survfit(f, newdata = nd, conf.type = "log-log"); k <- unique(round(seq(1, length(sf$time), length.out = 40)))
      ss <- summary(sf, censored = TRUE); r$predicted <- list(newdata_rows_1based = c(1, 5, 9), newdata = mat(nd[, all.vars(parse(text = paste(x, collapse = "+")))]), time = v(sf$time[k]), surv = mat(sf$surv[k, ]), cumhaz = mat(sf$cumhaz[k, ]), std_err_cumhaz = mat(sf$std.err[k, ]), lower = mat(sf$lower[k, ]), upper = mat(sf$upper[k, ])) } }
  put(id, ds, "coxph", paste0("coxph(", lhs, " ~ ", paste(rhs, collapse = "+"), ", ties='", ties, "'", if (!is.null(wcol)) paste0(", weights=", wcol), if (!is.null(cluster)) paste0(", cluster=", cluster), if (!is.null(robust)) paste0(", robust=", robust), ")"),
    list(response = lhs, covariates = x, ties = ties, strata = strat, weights = wcol, cluster = cluster, robust = robust, subset = subset, offset = offset, na = "rows with a missing value in any used column dropped", zero_weight_rows_dropped = zero_dropped), r)
}
rx <- c("age", "meno", "size20_50", "size50", "grade", "log_nodes", "log_pgr", "log_er", "hormon", "chemo")
for (t in c("efron", "breslow")) {
  cox(paste0("cox_lung_", t), "lung", S, c("age", "sex", "ph_ecog", "wt_loss"), t, do_zph = TRUE, curves = TRUE, resid = t == "efron")
  cox(paste0("cox_veteran_", t), "veteran", S, c("trt", "karno", "diagtime", "age", "prior", "squamous", "smallcell", "adeno"), t, do_zph = TRUE, curves = TRUE)
  cox(paste0("cox_ovarian_", t), "ovarian", S, c("age", "resid", "rx", "ecog"), t, curves = TRUE, resid = TRUE)
  cox(paste0("cox_pbc_", t), "pbc", S, c("age", "edema", "log_bili", "log_albumin", "log_protime"), t, do_zph = TRUE, curves = TRUE)
  cox(paste0("cox_colon_death_", t), "colon", S, c("rx_lev", "rx_lev5fu", "sex", "age", "obstruct", "adhere", "node4", "extent"), t, subset = "etype == 2", do_zph = TRUE)
  cox(paste0("cox_rotterdam_", t), "rotterdam", "Surv(dtime, death)", rx, t, do_zph = TRUE, curves = TRUE)
  cox(paste0("cox_gbsg_", t), "gbsg", S, c("age", "meno", "size", "grade", "log_nodes", "log_pgr", "log_er", "hormon"), t, do_zph = TRUE)
  cox(paste0("cox_flchain_", t), "flchain", S, c("age", "male", "kappa", "lambda", "creatinine"), t)
  cox(paste0("cox_flchain_agescale_", t), "flchain", "Surv(age_start, age_stop, event)", c("male", "kappa", "lambda", "creatinine"), t)
  cox(paste0("cox_heart_", t), "heart", "Surv(start, stop, event)", c("age", "year", "surgery", "transplant"), t, do_zph = TRUE, curves = TRUE, resid = TRUE)
  cox(paste0("cox_heart_cluster_", t), "heart", "Surv(start, stop, event)", c("age", "year", "surgery", "transplant"), t, cluster = "id")
  cox(paste0("cox_bladder2_ag_", t), "bladder2", "Surv(start, stop, event)", c("rx", "number", "size"), t, cluster = "id")
  cox(paste0("cox_bladder2_pwp_", t), "bladder2", "Surv(start, stop, event)", c("rx", "number", "size"), t, strat = "enum", cluster = "id", curves = TRUE)
  cox(paste0("cox_bladder1_ag_", t), "bladder1", "Surv(start, stop, event)", c("thiotepa", "pyridoxine", "number", "size"), t, cluster = "id")
  cox(paste0("cox_cgd_ag_", t), "cgd", "Surv(start, stop, event)", c("treat", "female", "age", "autosomal", "steroids", "propylac", "hos_us"), t, cluster = "id", do_zph = TRUE)
  cox(paste0("cox_mgus2_death_", t), "mgus2", "Surv(futime, death)", c("age", "male", "hgb", "creat", "mspike"), t, subset = "futime > 0")
  cox(paste0("cox_mgus2_cs1_", t), "mgus2", "Surv(etime, estatus == 1)", c("age", "male", "hgb", "mspike"), t)
  cox(paste0("cox_mgus2_cs2_", t), "mgus2", "Surv(etime, estatus == 2)", c("age", "male", "hgb", "mspike"), t)
  cox(paste0("cox_mgus2_agescale_", t), "mgus2", "Surv(age_start, age_stop, death)", c("male", "hgb", "mspike"), t)
  cox(paste0("cox_lung_weights_", t), "lung", S, c("age", "sex", "ph_ecog"), t, wcol = "wt", robust = FALSE, curves = TRUE)
  cox(paste0("cox_lung_wint_", t), "lung", S, c("age", "sex", "ph_ecog"), t, wcol = "wint", robust = FALSE)
  cox(paste0("cox_lung_weights_robust_", t), "lung", S, c("age", "sex", "ph_ecog"), t, wcol = "wt", robust = TRUE, resid = TRUE)
  cox(paste0("cox_lung_weights_cluster_", t), "lung", S, c("age", "sex", "ph_ecog"), t, wcol = "wt", cluster = "inst")
  cox(paste0("cox_lung_strata_", t), "lung", S, c("age", "ph_ecog"), t, strat = "sex", curves = TRUE, do_zph = TRUE)
  cox(paste0("cox_lung_strata_cluster_wt_", t), "lung", S, c("age", "ph_ecog"), t, strat = "sex", wcol = "wt", cluster = "inst")
  cox(paste0("cox_lung_offset_", t), "lung", S, c("sex", "ph_ecog"), t, offset = "I(0.02*age)")
  cox(paste0("cox_rotterdam_wt_robust_", t), "rotterdam", "Surv(dtime, death)", rx, t, wcol = "wt", robust = TRUE, curves = TRUE)
  cox(paste0("cox_rotterdam_wt_strata_robust_", t), "rotterdam", "Surv(dtime, death)", setdiff(rx, "grade"), t, strat = "grade", wcol = "wt", robust = TRUE)
  cox(paste0("cox_heart_wt_cluster_", t), "heart", "Surv(start, stop, event)", c("age", "year", "surgery", "transplant"), t, wcol = "wt", cluster = "id")
  cox(paste0("cox_cgd_wt_strata_cluster_", t), "cgd", "Surv(start, stop, event)", c("treat", "age", "steroids"), t, strat = "hos_us", wcol = "wt", cluster = "id")
  cox(paste0("cox_colon_wlw_", t), "colon", S, c("rx_lev", "rx_lev5fu", "age", "node4"), t, strat = "etype", cluster = "id")
}
cox("cox_lung_exact_breslow_null", "lung", S, "sex", "breslow")

# ------------------------------------------------------------------ concordance
conc <- function(id, ds, lhs, x, timewt = "n", wcol = NULL, strat = NULL, subset = NULL) {
  d <- D[[ds]]; d <- d[complete.cases(d[, c(all.vars(parse(text = lhs)), x, wcol, strat)]), ]; if (!is.null(subset)) d <- d[eval(parse(text = subset), d), ]
  a <- list(object = fml(lhs, c(x, if (!is.null(strat)) paste0("strata(", strat, ")"))), data = d, timewt = timewt, reverse = TRUE, keepstrata = FALSE); if (!is.null(wcol)) a$weights <- d[[wcol]]
  f <- do.call(concordance, a)
  put(id, ds, "concordance", paste0("concordance(", lhs, " ~ ", x, ", timewt='", timewt, "', reverse=TRUE)"), list(response = lhs, score = x, timewt = timewt, weights = wcol, strata = strat, reverse = TRUE),
    list(concordance = unname(f$concordance), std = sqrt(as.numeric(f$var)), cvar = unname(f$cvar), count = v(f$count), count_names = names(f$count)))
}
for (w in c("n", "S", "S/G", "n/G2", "I")) { g <- gsub("/", "_", w); conc(paste0("conc_lung_age_", g), "lung", S, "age", w); conc(paste0("conc_rotterdam_nodes_", g), "rotterdam", "Surv(dtime, death)", "nodes", w); conc(paste0("conc_pbc_bili_", g), "pbc", S, "bili", w) }
conc("conc_lung_wt", "lung", S, "age", "n", "wt"); conc("conc_lung_strata", "lung", S, "age", "n", strat = "sex"); conc("conc_heart_ss", "heart", "Surv(start, stop, event)", "age"); conc("conc_flchain_kappa", "flchain", S, "kappa")

# ------------------------------------------------------------------ Aalen-Johansen
aj <- function(id, ds, tcol, scol, group = NULL, wcol = NULL, taus = NULL, conf = "log", entry = NULL, idc = NULL) {
  d <- D[[ds]]; used <- c(tcol, scol, group, wcol, entry); d <- d[complete.cases(d[, used]), ]
  d$.s <- factor(d[[scol]], 0:max(d[[scol]])); resp <- if (is.null(entry)) paste0("Surv(", tcol, ", .s)") else paste0("Surv(", entry, ", ", tcol, ", .s)")
  a <- list(formula = fml(resp, if (is.null(group)) "1" else group), data = d, conf.type = conf); if (!is.null(wcol)) a$weights <- d[[wcol]]; if (!is.null(entry) || !is.null(idc)) a$id <- d$id
  f <- do.call(survfit, a); st <- if (is.null(f$strata)) rep(1, length(f$time)) else rep(seq_along(f$strata), f$strata); nm <- if (is.null(f$strata)) "all" else names(f$strata)
  cur <- lapply(seq_along(nm), function(i) { k <- which(st == i)
    list(stratum = nm[i], time = v(f$time[k]), n_risk = mat(f$n.risk[k, , drop = FALSE]), n_event = mat(f$n.event[k, , drop = FALSE]), pstate = mat(f$pstate[k, , drop = FALSE]), std_err = mat(f$std.err[k, , drop = FALSE]), lower = mat(f$lower[k, , drop = FALSE]), upper = mat(f$upper[k, , drop = FALSE]), cumhaz = mat(f$cumhaz[k, , drop = FALSE])) })
  r <- list(states = f$states, curves = cur)
  if (!is.null(taus)) r$restricted_mean_time_in_state <- lapply(taus, function(tau) { t <- summary(f, rmean = tau)$table; list(tau = tau, rows = rownames(t), rmean = v(t[, "rmean"]), se = if ("se(rmean)" %in% colnames(t)) v(t[, "se(rmean)"]) else NULL) })
  put(id, ds, "aalen_johansen", paste0("survfit(", resp, " ~ ", if (is.null(group)) "1" else group, ", conf.type='", conf, "')"), list(time = tcol, status = scol, group = group, weights = wcol, entry = entry, conf_type = conf, status_codes = "0 censored, 1.. event types"), r)
}
aj("aj_mgus2", "mgus2", "etime", "estatus", taus = c(120, 240)); aj("aj_mgus2_sex", "mgus2", "etime", "estatus", "male", taus = c(120, 240)); aj("aj_mgus2_wt", "mgus2", "etime", "estatus", "male", "wt"); aj("aj_mgus2_loglog", "mgus2", "etime", "estatus", conf = "log-log"); aj("aj_mgus2_plain", "mgus2", "etime", "estatus", conf = "plain")
aj("aj_mgus2_agescale", "mgus2", "age_stop", "estatus", "male", entry = "age_start")
aj("aj_pbc", "pbc", "time", "status", taus = c(1826, 3650)); aj("aj_pbc_trt", "pbc", "time", "status", "trt", taus = 3650)
D$rotterdam$crtime <- D$rotterdam$rfstime; D$rotterdam$crstat <- with(D$rotterdam, ifelse(recur == 1 & rtime <= dtime, 1, ifelse(death == 1, 2, 0)))
aj("aj_rotterdam_hormon", "rotterdam", "crtime", "crstat", "hormon", taus = c(1826, 3650))

# cmprsk: cuminc + Gray, crr
ci <- function(id, ds, tcol, scol, group = NULL, times) { d <- D[[ds]]; d <- d[complete.cases(d[, c(tcol, scol, group)]), ]
  f <- if (is.null(group)) cuminc(d[[tcol]], d[[scol]]) else cuminc(d[[tcol]], d[[scol]], d[[group]]); tp <- timepoints(f, times); nmz <- rownames(tp$est)
  put(id, ds, "cuminc_gray", "cmprsk::cuminc", list(time = tcol, status = scol, group = group, times = times), list(curves = nmz, est = mat(tp$est), var = mat(tp$var), gray_test = if (is.null(f$Tests)) NULL else list(stat = v(f$Tests[, "stat"]), p = v(f$Tests[, "pv"]), df = v(f$Tests[, "df"])))) }
ci("cuminc_mgus2_sex", "mgus2", "etime", "estatus", "male", c(12, 60, 120, 240)); ci("cuminc_mgus2", "mgus2", "etime", "estatus", NULL, c(12, 60, 120, 240)); ci("cuminc_pbc_trt", "pbc", "time", "status", "trt", c(365, 1826, 3650)); ci("cuminc_rotterdam_hormon", "rotterdam", "crtime", "crstat", "hormon", c(365, 1826, 3650))
fgr <- function(id, ds, tcol, scol, x, cause) { d <- D[[ds]]; d <- d[complete.cases(d[, c(tcol, scol, x)]), ]; X <- as.matrix(d[, x]); cr <- crr(d[[tcol]], d[[scol]], X, failcode = cause, gtol = 1e-9, maxiter = 50)
  p <- predict(cr, X[c(1, 5, 9), , drop = FALSE]); k <- unique(round(seq(1, nrow(p), length.out = 30)))
  d$.s <- factor(d[[scol]], 0:max(d[[scol]])); fg <- finegray(fml(paste0("Surv(", tcol, ", .s)"), x), data = d, etype = as.character(cause)); cf <- do.call(coxph, list(formula = fml("Surv(fgstart, fgstop, fgstatus)", x), data = fg, weights = fg$fgwt, control = coxph.control(eps = 1e-11, iter.max = 100)))
  cfr <- { fg2 <- finegray(fml(paste0("Surv(", tcol, ", .s)"), c(x, "id")), data = d, etype = as.character(cause)); do.call(coxph, list(formula = fml("Surv(fgstart, fgstop, fgstatus)", x), data = fg2, weights = fg2$fgwt, cluster = fg2$id, control = coxph.control(eps = 1e-11, iter.max = 100))) }
  put(id, ds, "fine_gray", "cmprsk::crr and survival::finegray+coxph", list(time = tcol, status = scol, covariates = x, cause = cause),
    list(crr = list(coef = v(cr$coef), var = mat(cr$var), se = v(sqrt(diag(cr$var))), loglik = unname(cr$loglik), loglik_null = unname(cr$loglik.null), converged = cr$converged, predict_rows_1based = c(1, 5, 9), predict = list(time = v(p[k, 1]), cif = mat(p[k, -1]))),
      finegray_coxph = list(rows = nrow(fg), coef = v(coef(cf)), se_naive = v(sqrt(diag(vcov(cf)))), se_robust_id = v(sqrt(diag(vcov(cfr)))), loglik = v(cf$loglik), fgwt_sum = sum(fg$fgwt)))) }
fgr("finegray_mgus2_1", "mgus2", "etime", "estatus", c("age", "male", "hgb", "mspike"), 1); fgr("finegray_mgus2_2", "mgus2", "etime", "estatus", c("age", "male", "hgb", "mspike"), 2); fgr("finegray_pbc_2", "pbc", "time", "status", c("age", "female", "log_bili"), 2); fgr("finegray_rotterdam_1", "rotterdam", "crtime", "crstat", c("age", "grade", "log_nodes", "hormon"), 1)

# cause-specific Cox absolute risks + external validation scores
d <- D$mgus2[complete.cases(D$mgus2[, c("etime", "estatus", "age", "male", "hgb", "mspike")]), ]
csc <- CSC(Hist(etime, estatus) ~ age + male + hgb + mspike, data = d); nd <- d[c(1, 5, 9), ]
pr <- predictRisk(csc, newdata = nd, times = c(60, 120, 240), cause = 1); pr2 <- predictRisk(csc, newdata = nd, times = c(60, 120, 240), cause = 2)
put("csc_mgus2", "mgus2", "cause_specific_cox_absolute_risk", "riskRegression::CSC + predictRisk", list(time = "etime", status = "estatus", covariates = c("age", "male", "hgb", "mspike"), newdata_rows_1based_complete_cases = c(1, 5, 9), times = c(60, 120, 240)), list(cause1 = mat(pr), cause2 = mat(pr2)))
rr <- D$rotterdam; vx <- c("age", "meno", "grade", "log_nodes", "log_pgr", "log_er", "hormon")
mod <- coxph(fml("Surv(rfstime, rfs)", vx), data = rr, x = TRUE); gb <- D$gbsg; gb$rfstime <- gb$time; gb$rfs <- gb$event
sc <- Score(list(cox = mod), Surv(rfstime, rfs) ~ 1, data = gb, times = c(365, 1095, 1826), metrics = c("auc", "brier"), cens.model = "km", summary = "ipa", conf.int = TRUE)
put("score_rotterdam_to_gbsg", "gbsg", "external_validation", "riskRegression::Score(coxph on rotterdam, gbsg, times)", list(train = "rotterdam", response_train = "Surv(rfstime, rfs)", test = "gbsg", covariates = vx, times = c(365, 1095, 1826), censoring = "marginal KM"),
  list(coef = v(coef(mod)), risk_head = mat(predictRisk(mod, newdata = gb[1:10, ], times = c(365, 1095, 1826))), auc = as.data.frame(sc$AUC$score), brier = as.data.frame(sc$Brier$score)))

# ------------------------------------------------------------------ propensity scores, weights, matching
psx <- c("age", "meno", "size20_50", "size50", "grade", "log_nodes", "log_pgr", "log_er")
ps_case <- function(id, ds, tr, x, tcol, ecol, taus) {
  d <- D[[ds]]; d <- d[complete.cases(d[, c(tr, x, tcol, ecol)]), ]
  g <- glm(fml(tr, x), data = d, family = binomial(), control = glm.control(epsilon = 1e-13, maxit = 100)); ps <- fitted(g); z <- d[[tr]]; pz <- mean(z)
  W <- list(ate = ifelse(z == 1, 1 / ps, 1 / (1 - ps)), ate_stabilized = ifelse(z == 1, pz / ps, (1 - pz) / (1 - ps)), att = ifelse(z == 1, 1, ps / (1 - ps)), atc = ifelse(z == 1, (1 - ps) / ps, 1), overlap = ifelse(z == 1, 1 - ps, ps), matching = pmin(ps, 1 - ps) / ifelse(z == 1, ps, 1 - ps), entropy = -(ps * log(ps) + (1 - ps) * log(1 - ps)) / ifelse(z == 1, ps, 1 - ps))
  q <- quantile(W$ate, c(.01, .99), type = 7); W$ate_trunc_1_99 <- pmin(pmax(W$ate, q[1]), q[2])
  wm <- function(a, w) sum(a * w) / sum(w); X <- as.matrix(d[, x])
  res <- lapply(W, function(w) {
    cx <- do.call(coxph, list(formula = fml(paste0("Surv(", tcol, ",", ecol, ")"), tr), data = d, weights = w, robust = TRUE, control = coxph.control(eps = 1e-11, iter.max = 100)))
    sf <- do.call(survfit, list(formula = fml(paste0("Surv(", tcol, ",", ecol, ")"), paste0("strata(", tr, ")")), data = d, weights = w, robust = TRUE, id = d$id, conf.type = "log-log"))
    rm <- lapply(taus, function(tau) { t <- summary(sf, rmean = tau)$table; list(tau = tau, rmst = v(t[, "rmean"]), se = v(t[, "se(rmean)"])) })
    s <- summary(sf, times = taus, extend = TRUE)
    # SMD: weighted mean difference over the unweighted pooled SD sqrt((s1^2+s0^2)/2)
    sd0 <- apply(X, 2, function(a) sqrt((var(a[z == 1]) + var(a[z == 0])) / 2))
    smd <- sapply(seq_len(ncol(X)), function(j) (wm(X[z == 1, j], w[z == 1]) - wm(X[z == 0, j], w[z == 0])) / sd0[j])
    list(weight_head = v(head(w, 20)), weight_sum = sum(w), ess_treated = sum(w[z == 1])^2 / sum(w[z == 1]^2), ess_control = sum(w[z == 0])^2 / sum(w[z == 0]^2), smd = v(smd), cox = list(coef = unname(coef(cx)), robust_se = sqrt(cx$var[1, 1]), naive_se = sqrt(cx$naive.var[1, 1]), loglik = v(cx$loglik)),
      surv_at = list(time = v(s$time), stratum = as.character(s$strata), surv = v(s$surv), std_err = v(s$std.err)), rmst = rm) })
  sd0 <- apply(X, 2, function(a) sqrt((var(a[z == 1]) + var(a[z == 0])) / 2))
  put(id, ds, "propensity_weights", paste0("glm(", tr, " ~ ", paste(x, collapse = "+"), ", binomial) -> weights -> coxph(robust), survfit(robust)"), list(treatment = tr, covariates = x, time = tcol, event = ecol, taus = taus, smd_denominator = "sqrt((s1^2+s0^2)/2), unweighted, n-1 variances", truncation = "quantile type 7 at 1% and 99%"),
    list(n = nrow(d), ps_coef = v(coef(g)), ps_se = v(sqrt(diag(vcov(g)))), ps_vcov_HC0 = mat(vcovHC(g, type = "HC0")), ps_loglik = as.numeric(logLik(g)), ps_head = v(head(ps, 20)), ps_min = min(ps), ps_max = max(ps), smd_unweighted = v(sapply(seq_len(ncol(X)), function(j) (mean(X[z == 1, j]) - mean(X[z == 0, j])) / sd0[j])), weights = res))
}
ps_case("iptw_rotterdam_hormon", "rotterdam", "hormon", psx, "dtime", "death", c(1826, 3650)); ps_case("iptw_rotterdam_chemo", "rotterdam", "chemo", psx, "rfstime", "rfs", c(1826, 3650)); ps_case("iptw_gbsg_hormon", "gbsg", "hormon", c("age", "meno", "size", "grade", "log_nodes", "log_pgr", "log_er"), "time", "event", c(1000, 2000))

data("lalonde", package = "MatchIt"); la <- lalonde
D$lalonde <- with(la, data.frame(id = seq_along(treat), treat, age, educ, black = as.integer(race == "black"), hispan = as.integer(race == "hispan"), married, nodegree, re74, re75, re78)); D$lalonde$wt <- wt1(nrow(D$lalonde))
mi <- function(id, ds, tr, x, ...) {
  d <- D[[ds]]; d <- d[complete.cases(d[, c(tr, x)]), ]; rownames(d) <- seq_len(nrow(d)); dots <- list(...)
  m <- suppressWarnings(do.call(matchit, c(list(formula = fml(tr, x), data = d), dots))); s <- summary(m, un = TRUE)
  mm <- m$match.matrix
  put(id, ds, "matchit", paste0("matchit(", tr, " ~ ", paste(x, collapse = "+"), ", ", paste(names(dots), sapply(dots, function(z) paste(deparse(z), collapse = "")), sep = "=", collapse = ", "), ")"), c(list(treatment = tr, covariates = x), lapply(dots, function(z) if (inherits(z, "formula")) paste(deparse(z), collapse = "") else z)),
    list(nn = mat(s$nn), nn_rows = rownames(s$nn), nn_cols = colnames(s$nn), distance_head = v(head(m$distance, 20)), caliper_abs = if (is.null(m$caliper)) NULL else v(m$caliper), sum_all = mat(s$sum.all), sum_matched = mat(s$sum.matched), sum_cols = colnames(s$sum.all), sum_rows = rownames(s$sum.all),
      match_matrix_row_1based = if (is.null(mm)) NULL else lapply(seq_len(nrow(mm)), function(i) I(c(as.integer(rownames(mm)[i]), as.integer(mm[i, ])))), weights = v(m$weights)))
}
lx <- c("age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75")
mi("matchit_lalonde_nn", "lalonde", "treat", lx, method = "nearest"); mi("matchit_lalonde_nn_caliper02", "lalonde", "treat", lx, method = "nearest", caliper = 0.2); mi("matchit_lalonde_nn_caliper01_ratio2", "lalonde", "treat", lx, method = "nearest", caliper = 0.1, ratio = 2); mi("matchit_lalonde_nn_replace", "lalonde", "treat", lx, method = "nearest", replace = TRUE, caliper = 0.2); mi("matchit_lalonde_nn_logit", "lalonde", "treat", lx, method = "nearest", link = "linear.logit", caliper = 0.2); mi("matchit_lalonde_nn_data_order", "lalonde", "treat", lx, method = "nearest", m.order = "data", caliper = 0.2); mi("matchit_lalonde_nn_smallest", "lalonde", "treat", lx, method = "nearest", m.order = "smallest"); mi("matchit_lalonde_exact_married", "lalonde", "treat", lx, method = "nearest", exact = ~married + nodegree, caliper = 0.2); mi("matchit_lalonde_mahalanobis", "lalonde", "treat", lx, method = "nearest", distance = "mahalanobis"); mi("matchit_lalonde_subclass", "lalonde", "treat", lx, method = "subclass", subclass = 5)
mi("matchit_rotterdam_hormon", "rotterdam", "hormon", psx, method = "nearest", caliper = 0.2); mi("matchit_rotterdam_hormon_logit_ratio3", "rotterdam", "hormon", psx, method = "nearest", link = "linear.logit", caliper = 0.2, ratio = 3); mi("matchit_gbsg_hormon", "gbsg", "hormon", c("age", "meno", "size", "grade", "log_nodes", "log_pgr", "log_er"), method = "nearest", caliper = 0.2)
# Cox in the matched set with cluster by pair
d <- D$rotterdam; m <- matchit(fml("hormon", psx), data = d, method = "nearest", caliper = 0.2); md <- match.data(m); cx <- coxph(Surv(dtime, death) ~ hormon, data = md, weights = weights, cluster = subclass, control = coxph.control(eps = 1e-11))
put("matched_cox_rotterdam", "rotterdam", "matched_cox", "coxph(Surv(dtime,death)~hormon, match.data(m), weights, cluster=subclass)", list(treatment = "hormon", covariates = psx, caliper = 0.2), list(n = nrow(md), ids_treated = v(md$id[md$hormon == 1]), ids_control = v(md$id[md$hormon == 0]), coef = unname(coef(cx)), robust_se = sqrt(cx$var[1, 1]), naive_se = sqrt(cx$naive.var[1, 1])))

# ------------------------------------------------------------------ person-period data, pooled logistic regression
d <- D$rotterdam; d$time30 <- pmin(d$dtime, 3652.5); d$ev <- ifelse(d$dtime <= 3652.5, d$death, 0); cuts <- seq(365.25, 3652.5 - 365.25, by = 365.25)
pp <- survSplit(Surv(time30, ev) ~ ., data = d, cut = cuts, episode = "period", start = "tstart", end = "tstop"); pp$p2 <- pp$period^2
D$rotterdam_pp <- pp[, c("id", "hormon", "tstart", "tstop", "ev", "period", "p2", "age", "meno", "size20_50", "size50", "grade", "log_nodes", "log_pgr", "log_er")]; D$rotterdam_pp$wt <- wt1(nrow(D$rotterdam_pp))
g <- glm(ev ~ hormon + period + p2 + age + grade + log_nodes, data = D$rotterdam_pp, family = binomial(), control = glm.control(epsilon = 1e-13, maxit = 100))
gw <- suppressWarnings(glm(ev ~ hormon + period + p2 + age + grade + log_nodes, data = D$rotterdam_pp, weights = wt, family = binomial(), control = glm.control(epsilon = 1e-13, maxit = 100)))
nd <- do.call(rbind, lapply(1:10, function(k) { z <- D$rotterdam[, c("id", "age", "grade", "log_nodes")]; z$period <- k; z$p2 <- k^2; z }))
std <- sapply(0:1, function(a) { nd$hormon <- a; nd$h <- predict(g, nd, type = "response"); o <- order(nd$id, nd$period); s <- ave(1 - nd$h[o], nd$id[o], FUN = cumprod); tapply(s, nd$period[o], mean) })
put("pooled_logistic_rotterdam", "rotterdam_pp", "pooled_logistic", "glm(ev ~ hormon + period + p2 + age + grade + log_nodes, binomial) on yearly survSplit data; sandwich::vcovCL(cluster=id)", list(response = "ev", covariates = c("hormon", "period", "p2", "age", "grade", "log_nodes"), cluster = "id"),
  list(rows = nrow(D$rotterdam_pp), coef = v(coef(g)), se = v(sqrt(diag(vcov(g)))), vcov = mat(vcov(g)), loglik = as.numeric(logLik(g)), vcovCL_HC0_nocadjust = mat(vcovCL(g, cluster = D$rotterdam_pp$id, type = "HC0", cadjust = FALSE)), vcovCL_HC1_default = mat(vcovCL(g, cluster = D$rotterdam_pp$id)),
    weighted = list(coef = v(coef(gw)), se = v(sqrt(diag(vcov(gw)))), vcovCL_HC0_nocadjust = mat(vcovCL(gw, cluster = D$rotterdam_pp$id, type = "HC0", cadjust = FALSE))), standardised_survival_by_year = list(hormon0 = v(std[, 1]), hormon1 = v(std[, 2]))))

# ------------------------------------------------------------------ clone-censor-weight on the Stanford heart data
# strategies: (1) transplant within GRACE days, (0) no transplant within GRACE days. Landmark-free cloning, artificial censoring:
#   arm 0 clone is censored at its transplant if that happens at or before GRACE;
#   arm 1 clone is censored at GRACE if alive, under follow-up and not yet transplanted then.
ccw_build <- function(d, grace) {
  tx <- ifelse(d$transplant == 1, d$wait_time, Inf)
  a0 <- data.frame(id = d$id, arm = 0L, stop = pmin(d$futime, ifelse(tx <= grace, tx, Inf)), age = d$age, surgery = d$surgery, year = d$year); early <- tx <= grace & tx <= d$futime
  a0$event <- ifelse(early, 0L, d$fustat); a0$acens <- as.integer(early); a0$stop <- ifelse(early, tx, d$futime)
  fail1 <- !(tx <= grace) & d$futime > grace
  a1 <- data.frame(id = d$id, arm = 1L, stop = ifelse(fail1, grace, d$futime), age = d$age, surgery = d$surgery, year = d$year); a1$event <- ifelse(fail1, 0L, d$fustat); a1$acens <- as.integer(fail1)
  r <- rbind(a0[, c("id", "arm", "stop", "event", "acens", "age", "surgery", "year")], a1[, c("id", "arm", "stop", "event", "acens", "age", "surgery", "year")]); r$stop <- pmax(r$stop, 0.5); r
}
ccw_fit <- function(cl, taus, full = FALSE) {
  out <- list(); rows <- list()
  for (a in 0:1) { c1 <- cl[cl$arm == a, ]; c1$rowid <- seq_len(nrow(c1))
    tt <- sort(unique(c1$stop)); long <- survSplit(Surv(stop, event) ~ ., data = c1, cut = tt, start = "tstart", end = "tstop"); lastrow <- !duplicated(long$rowid, fromLast = TRUE); long$ac <- ifelse(lastrow, long$acens, 0L)
    cm <- coxph(Surv(tstart, tstop, ac) ~ age + surgery + year, data = long, ties = "breslow", control = coxph.control(eps = 1e-11, iter.max = 100))
    bh <- basehaz(cm, centered = FALSE); H <- approx(c(0, bh$time), c(0, bh$hazard), xout = long$tstart, method = "constant", rule = 2)$y
    long$w <- exp(H * exp(drop(as.matrix(long[, c("age", "surgery", "year")]) %*% coef(cm))))   # 1 / P(uncensored just before the interval)
    out[[paste0("arm", a)]] <- list(cens_coef = v(coef(cm)), cens_se = v(sqrt(diag(vcov(cm))))); rows[[a + 1]] <- long }
  al <- do.call(rbind, rows); f <- survfit(Surv(tstart, tstop, event) ~ arm, data = al, weights = w, timefix = FALSE, se.fit = FALSE)
  st <- rep(seq_along(f$strata), f$strata)
  rm <- function(tau, i) { k <- st == i; t <- f$time[k]; s <- f$surv[k]; keep <- t < tau; tt <- c(0, t[keep], tau); ss <- c(1, s[keep]); sum(diff(tt) * ss) }
  out$rmst <- lapply(taus, function(tau) list(tau = tau, arm0 = rm(tau, 1), arm1 = rm(tau, 2), diff = rm(tau, 2) - rm(tau, 1)))
  out$cox_log_hr <- unname(coef(coxph(Surv(tstart, tstop, event) ~ arm, data = al, weights = w, control = coxph.control(eps = 1e-11, iter.max = 100))))
  if (full) { cx <- coxph(Surv(tstart, tstop, event) ~ arm, data = al, weights = w, cluster = id, control = coxph.control(eps = 1e-11, iter.max = 100)); out$cox_robust_se_cluster_id <- sqrt(cx$var[1, 1]); out$rows_long <- nrow(al); out$weight_sum <- sum(al$w); out$weight_max <- max(al$w)
    out$weighted_km <- lapply(1:2, function(i) { k <- st == i; list(arm = i - 1, time = v(f$time[k]), surv = v(f$surv[k]), n_risk = v(f$n.risk[k]), n_event = v(f$n.event[k])) })
    out$weights_last_row <- lapply(0:1, function(a) { z <- al[al$arm == a, ]; z <- z[!duplicated(z$rowid, fromLast = TRUE), ]; list(arm = a, id = v(z$id), w = v(z$w)) }) }
  out
}
dj <- D$jasa; dj <- dj[order(dj$id), ]; for (grace in c(30, 60)) {
  cl <- ccw_build(dj, grace); D[[paste0("jasa_clones_g", grace)]] <- cl
  base <- ccw_fit(cl, c(180, 365, 730), TRUE)
  set.seed(20250101); B <- 50; idx <- t(sapply(seq_len(B), function(b) sample.int(nrow(dj), replace = TRUE)))
  bs <- t(sapply(seq_len(B), function(b) { db <- dj[idx[b, ], ]; db$id <- seq_len(nrow(db)); r <- tryCatch(suppressWarnings(ccw_fit(ccw_build(db, grace), c(180, 365, 730))), error = function(e) NULL); if (is.null(r)) rep(NA_real_, 4) else c(sapply(r$rmst, function(z) z$diff), r$cox_log_hr) }))
  put(paste0("ccw_jasa_grace", grace), "jasa", "clone_censor_weight", "see ccw_build / ccw_fit in make_reference.R", list(grace_days = grace, treatment_time = "wait_time", treated = "transplant", time = "futime", event = "fustat", covariates = c("age", "surgery", "year"), censoring_model = "Cox (Breslow ties) per arm on rows split at every distinct clone time of the arm, uncentered Breslow baseline, weight = 1/P(uncensored at row start)", taus = c(180, 365, 730), clones_file = paste0("jasa_clones_g", grace)),
    c(base, list(bootstrap = list(resample_rows_1based = idx, columns = c("rmst_diff_180", "rmst_diff_365", "rmst_diff_730", "cox_log_hr"), estimates = bs, sd = v(apply(bs, 2, sd, na.rm = TRUE))))))
}

# ------------------------------------------------------------------ small edge cases
E <- list(
  edge_ties = data.frame(start = 0, time = c(1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5), event = c(1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0), x = c(0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0), z = c(.5, 1.2, -.3, .4, 2, -1, 0, .7, -.2, 1.1, .3, -.9), w = c(1, 2, 1, .5, 1, 1.5, 2, 1, 1, 3, 1, 1), g = rep(1:2, 6)),
  edge_zero_weight = data.frame(start = 0, time = c(1, 2, 3, 4, 5, 6, 7, 8), event = c(1, 0, 1, 1, 0, 1, 1, 0), x = c(0, 1, 1, 0, 1, 0, 1, 0), z = c(.1, -.4, .9, 1.3, -1, .2, -.5, .6), w = c(1, 1, 0, 2, 0, 1.5, 1, 1), g = rep(1:2, 4)),
  edge_entry_gap = data.frame(start = c(0, 0, 0, 5, 5, 6, 6, 7), time = c(2, 3, 4, 8, 9, 9, 10, 11), event = c(1, 1, 1, 1, 0, 1, 1, 0), x = c(0, 1, 0, 1, 0, 1, 1, 0), z = c(.2, .8, -.6, .1, .5, -.3, 1, -1), w = 1, g = 1),
  edge_no_events_group = data.frame(start = 0, time = 1:10, event = c(1, 0, 1, 0, 1, 0, 1, 0, 0, 0), x = rep(0:1, 5), z = c(.2, .1, -.7, 1.4, .3, -.2, .9, -1.1, .5, 0), w = 1, g = rep(1:2, 5)),
  edge_last_event = data.frame(start = 0, time = c(3, 1, 4, 1, 5, 9, 2, 6), event = c(1, 1, 1, 0, 1, 1, 1, 1), x = c(1, 0, 0, 1, 1, 0, 1, 0), z = c(.3, -.2, .8, .5, -1, .4, .1, -.6), w = c(1, 1.5, 2, .5, 1, 1, 1, 2), g = rep(1:2, 4)),
  edge_float_ties = data.frame(start = 0, time = c(0.1 + 0.2, 0.3, 0.7, 0.1 + 0.6, 1, 1.1, 0.8 + 0.3, 2), event = c(1, 1, 1, 0, 1, 1, 1, 0), x = c(0, 1, 0, 1, 1, 0, 0, 1), z = c(.3, -.1, .6, .2, -.8, 1, .4, -.5), w = 1, g = 1))
for (k in names(E)) { D[[k]] <- E[[k]]; D[[k]]$id <- seq_len(nrow(E[[k]]))
  lhs <- if (any(E[[k]]$start > 0)) "Surv(start, time, event)" else S
  km(paste0("km_", k), k, lhs, if (length(unique(E[[k]]$g)) > 1) "g"); km(paste0("km_", k, "_w"), k, lhs, wcol = "w", robust = FALSE); km(paste0("km_", k, "_wrob"), k, lhs, wcol = "w", robust = TRUE, idcol = "id")
  for (t in c("efron", "breslow")) { cox(paste0("cox_", k, "_", t), k, lhs, c("x", "z")[if (k == "edge_no_events_group") 2 else 1:2], t, resid = TRUE, curves = TRUE); cox(paste0("cox_", k, "_w_robust_", t), k, lhs, c("x", "z")[if (k == "edge_no_events_group") 2 else 1:2], t, wcol = "w", robust = if (lhs == S) TRUE, cluster = if (lhs == S) NULL else "id") } }
for (k in names(D)) write_data(D[[k]], k)
writeLines(toJSON(list(r = R.version.string, packages = sapply(c("survival", "cmprsk", "MatchIt", "riskRegression", "sandwich", "jsonlite"), function(p) as.character(packageVersion(p))) |> as.list(), n_cases = length(INDEX), cases = unname(INDEX)), auto_unbox = TRUE, pretty = TRUE), file.path(OUT, "index.json"))
message("cases: ", length(INDEX)); print(warnings())
