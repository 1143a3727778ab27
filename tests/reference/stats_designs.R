# Makes stats_designs.json with R, clubSandwich, survey, pROC and jsonlite (Debian packages
# r-base-core, r-cran-clubsandwich, r-cran-survey, r-cran-proc, r-cran-jsonlite):
#   Rscript tests/reference/stats_designs.R tests/reference/stats_designs.json
# Never run by the tests; they read the committed values.
suppressPackageStartupMessages({
  library(clubSandwich); library(survey); library(pROC); library(jsonlite)
})
set.seed(20240711)

# CR2 for weights that say how much an item counts: the working model is one variance for all.
# Weights are constant inside a cluster, where CR2 has one factor for each.
weighted <- function(sizes, spread) {
  cluster <- rep(seq_along(sizes), sizes)
  weight <- round(exp(rnorm(length(sizes), 0, spread)), 3)[cluster]
  values <- round(rnorm(length(cluster), 0.2, 0.4) + rnorm(length(sizes), 0, 0.3)[cluster], 6)
  model <- lm(y ~ 1, data = data.frame(y = values), weights = weight)
  vcov <- vcovCR(model, cluster = cluster, type = "CR2", target = rep(1, length(values)),
                 inverse_var = FALSE)
  test <- coef_test(model, vcov = vcov, test = "Satterthwaite")
  ends <- conf_int(model, vcov = vcov, level = 0.9, test = "Satterthwaite")
  df <- if ("df_Satt" %in% names(test)) test$df_Satt else test$df
  p <- if ("p_Satt" %in% names(test)) test$p_Satt else test$p_val
  list(values = values, cluster = cluster, weight = weight, value = unname(coef(model)),
       se = test$SE, df = df, p = p, low = ends$CI_L, high = ends$CI_U)
}

# A stratified mean with known shares is a linear contrast of the strata's means.
stratified <- function(units, size, shares) {
  unit_stratum <- rep(seq_along(units), units)
  cluster <- rep(seq_along(unit_stratum), each = size)
  stratum <- unit_stratum[cluster]
  values <- round(rnorm(length(cluster), c(0.1, 0.5, -0.2, 0.3)[stratum], 0.3) +
                    rnorm(length(unit_stratum), 0, 0.2)[cluster], 6)
  data <- data.frame(y = values, s = factor(stratum))
  model <- lm(y ~ 0 + s, data = data)
  vcov <- vcovCR(model, cluster = cluster, type = "CR2")
  found <- linear_contrast(model, vcov = vcov, contrasts = matrix(shares, nrow = 1),
                           test = "Satterthwaite", level = 0.9, p_values = TRUE)
  list(values = values, cluster = cluster, stratum = stratum, shares = shares,
       value = found$Est, se = found$SE, df = found$df, p = found$p_val,
       low = found$CI_L, high = found$CI_U)
}

jackknife <- function(data, cluster, statistic) {
  rows <- cbind(data, cluster = cluster, count = 1)
  design <- as.svrepdesign(svydesign(ids = ~cluster, weights = ~count, data = rows), type = "JK1")
  found <- withReplicates(design, function(w, d) statistic(d[w > 0, ]))
  list(value = unname(coef(found)), se = unname(as.vector(SE(found))))
}

arms <- function(clusters, size) {
  cluster <- rep(seq_len(clusters), each = size)
  n <- length(cluster)
  ease <- (rnorm(clusters)[cluster] + rnorm(n)) / 2
  data <- data.frame(a = rep(0, n))
  data$truth <- sample(c("x", "y", "z"), n, replace = TRUE, prob = c(0.5, 0.3, 0.2))
  guess <- function() ifelse(plogis(ease + 0.7) > runif(n), data$truth, sample(c("x", "y", "z", "w"), n, TRUE))
  data$one <- guess(); data$two <- guess()
  data$positive <- as.integer(data$truth == "x")
  data$score <- round(data$positive + ease + rnorm(n), 1)
  data$other <- round(0.6 * data$positive + ease + rnorm(n), 1)
  data$below1 <- 1 + rpois(n, exp(0.8 * ease + 1)); data$above1 <- rbinom(n, data$below1, plogis(ease + 1))
  data$below2 <- 1 + rpois(n, exp(0.8 * ease + 1)); data$above2 <- rbinom(n, data$below2, plogis(ease))
  data$a <- NULL
  list(data = data, cluster = cluster)
}

f1 <- function(truth, predicted) {
  mean(sapply(c("x", "y", "z"), function(k)
    2 * sum(truth == k & predicted == k) / (sum(truth == k) + sum(predicted == k))))
}
area <- function(truth, score) {
  as.numeric(auc(roc(truth, score, levels = c(0, 1), direction = "<", quiet = TRUE)))
}

sets <- function(clusters, size) {
  made <- arms(clusters, size)
  run <- function(statistic) jackknife(made$data, made$cluster, statistic)
  list(
    data = made$data, cluster = made$cluster,
    macro_f1_difference = run(function(d) f1(d$truth, d$one) - f1(d$truth, d$two)),
    auroc_difference = run(function(d) area(d$positive, d$score) - area(d$positive, d$other)),
    # One arm's metric: value and standard error of its logit.
    macro_f1 = run(function(d) qlogis(f1(d$truth, d$one))),
    auroc = run(function(d) qlogis(area(d$positive, d$score))),
    ratio_difference = run(function(d)
      sum(d$above1) / sum(d$below1) - sum(d$above2) / sum(d$below2)))
}

# Fieller's limits of one ratio: where the t test of above - theta * below, over clusters of one
# size, just keeps theta; by lm on the cluster sums.
fieller <- function(clusters) {
  below <- round(rgamma(clusters, 6, 2), 3); above <- round(0.6 * below + rnorm(clusters, 0, 0.5), 3)
  p <- function(theta) {
    found <- summary(lm(I(above - theta * below) ~ 1))$coefficients[1, ]
    pt(found["t value"], clusters - 1, lower.tail = FALSE)
  }
  estimate <- sum(above) / sum(below)
  end <- function(to, tail) uniroot(function(theta) p(theta) - tail, c(to, estimate), tol = 1e-14)$root
  list(above = above, below = below, value = estimate, p = unname(p(0.5)),
       low = end(estimate - 2, 0.05), high = end(estimate + 2, 0.95))
}

write_json(list(
  generator = list(
    file = "tests/reference/stats_designs.R", R = R.version.string,
    clubSandwich = as.character(packageVersion("clubSandwich")),
    survey = as.character(packageVersion("survey")), pROC = as.character(packageVersion("pROC"))),
  weighted = list(weighted(rep(1, 60), 0.5), weighted(c(3, 5, 4, 6, 6, 2, 4, 5, 5, 3, 4, 7, 5, 4), 0.2)),
  stratified = list(
    stratified(c(6, 9, 5, 4), 1, c(0.4, 0.3, 0.2, 0.1)), stratified(c(5, 7, 6), 4, c(0.2, 0.5, 0.3))),
  fieller = list(fieller(15), fieller(40)),
  sets = list(sets(120, 1), sets(40, 5)),
  bh = list(p = c(0.001, 0.2, 0.013, 0.04, 0.03, 0.9, 0.011, 0.04),
            adjusted = p.adjust(c(0.001, 0.2, 0.013, 0.04, 0.03, 0.9, 0.011, 0.04), "BH"))
), commandArgs(trailingOnly = TRUE)[1], digits = I(15), auto_unbox = TRUE, pretty = FALSE)
