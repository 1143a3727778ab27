# Makes stats_cr2.json with R and clubSandwich (Debian packages r-base-core, r-cran-clubsandwich,
# r-cran-jsonlite):  Rscript tests/reference/stats_cr2.R tests/reference/stats_cr2.json
# Never run by the tests; they read the committed values.
suppressPackageStartupMessages({library(clubSandwich); library(jsonlite)})
set.seed(20240611)

# Hall's transformation of a t whose mean has the skewness rho.
hall <- function(t, rho) t + rho / 3 * t^2 + rho^2 / 27 * t^3 + rho / 6

# One-sided p-values (greater, less) of T for clusters without a declared range.
tails <- function(t, df, rho) {
  one <- function(t, rho) max(pt(-t, df), min(pt(-hall(t, rho), df), exp(-max(t, 0))))
  c(one(t, rho), one(-t, -rho))
}

fit <- function(values, cluster, null = 0, level = 0.95) {
  model <- lm(y ~ 1, data = data.frame(y = values - null))
  vcov <- vcovCR(model, cluster = cluster, type = "CR2")
  test <- coef_test(model, vcov = vcov, test = "Satterthwaite")
  ends <- conf_int(model, vcov = vcov, level = level, test = "Satterthwaite")
  df <- if ("df_Satt" %in% names(test)) test$df_Satt else test$df
  sums <- tapply(values - mean(values), cluster, sum)
  rho <- sum(sums^3) / sum(sums^2)^1.5
  p <- tails((mean(values) - null) / test$SE, df, rho)
  plain <- c(ends$CI_L, ends$CI_U) + null
  list(null = null, se = test$SE, df = df, p = min(1, 2 * min(p)), plain = plain)
}

plain <- function(sizes, within, between) {
  cluster <- rep(seq_along(sizes), sizes)
  values <- round(rnorm(length(cluster), 0.2, within) + rnorm(length(sizes), 0, between)[cluster], 6)
  list(values = values, cluster = cluster, fits = list(fit(values, cluster), fit(values, cluster, 0.1, 0.9)))
}

# All items of a cluster equal and clusters of one size K: the pseudo units then are whole clusters
# of K items, and can be written down as rows. The worst cluster enters by hand: by a half in V, whole
# in the skewness.
pseudo <- function(clusters, size, nulls, h) {
  ours <- sample(c(-1, 0, 0, 0, 1, 1), clusters, replace = TRUE) * 0.5
  values <- rep(ours, each = size)
  cluster <- rep(seq_len(clusters), each = size)
  tests <- lapply(nulls, function(null) {
    all <- c(values, rep(null + h, size), rep(null - h, size))
    found <- fit(all, c(cluster, rep(clusters + 1, size), rep(clusters + 2, size)), null)
    n <- length(values)
    total <- n + 2 * size
    m <- mean(values)
    sums <- tapply(values - m, cluster, sum)
    one <- function(sign) {
      worst <- size * (-2 * h - sign * m)
      V <- (found$se * total)^2 + worst^2 / 2 / (1 - size / total)
      t <- sign * n * (m - null) / sqrt(V)
      rho <- (sign * sum(sums^3) + worst^3) / (sum(sums^2) + 2 * (size * h)^2 + worst^2)^1.5
      min(pt(-hall(t, rho), found$df), exp(-max(t, 0)))
    }
    list(null = null, df = found$df, p = min(1, 2 * min(one(1), one(-1))))
  })
  list(values = values, cluster = cluster, h = h, fits = tests)
}

write_json(list(
  generator = list(
    file = "tests/reference/stats_cr2.R", R = R.version.string,
    clubSandwich = as.character(packageVersion("clubSandwich"))),
  plain = list(
    plain(c(3, 9, 1, 14, 6, 2, 2, 8, 5, 11, 4, 7), 0.4, 0.3),
    plain(c(40, 6, 5, 4, 6, 3, 7, 5, 6, 4, 8, 5, 3, 6, 5, 4), 0.5, 0.1),
    plain(rep(6, 9), 0.3, 0.3)),
  pseudo = list(
    pseudo(14, 4, c(-0.3, -0.05, 0, 0.1, 0.4), 0.5),
    pseudo(25, 3, c(-0.2, 0, 0.15), 0.25))
), commandArgs(trailingOnly = TRUE)[1], digits = I(15), auto_unbox = TRUE, pretty = FALSE)
