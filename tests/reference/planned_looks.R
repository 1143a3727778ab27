# Makes planned_looks.json with R and rpact (Debian packages r-base-core, r-cran-rpact,
# r-cran-jsonlite):  Rscript tests/reference/planned_looks.R tests/reference/planned_looks.json
# Never run by the tests; they read the committed values.
suppressPackageStartupMessages({library(rpact); library(jsonlite)})

design <- function(rates, alpha) getDesignGroupSequential(
  typeOfDesign = "asOF", sided = 1, alpha = alpha, informationRates = rates, kMax = length(rates))

plans <- list(c(0.5, 1), c(0.2, 0.4, 0.6, 0.8, 1), (1:10) / 10, c(0.11, 0.3, 0.35, 0.72, 1),
              c(0.3, 0.9, 1))
cases <- list()
for (rates in plans) for (alpha in c(0.05, 0.025, 0.005)) {
  d <- design(rates, alpha)
  drift <- 2.5
  power <- getPowerAndAverageSampleNumber(d, theta = drift / sqrt(100), nMax = 100)
  cases[[length(cases) + 1]] <- list(
    fractions = rates, alpha = alpha, z = d$criticalValues, spent = d$alphaSpent, drift = drift,
    power = sum(power$rejectPerStage))
}

# One arm, normal with known spread 1, 40 items a stage: what a trial that ended at a stage says.
finals <- list()
d <- design(c(0.25, 0.5, 0.75, 1), 0.05)
for (means in list(c(0.1, 0.55), c(0.2, 0.25, 0.4), c(0, 0.1, 0.1, 0.2), c(0.1, 0.3, 0.2, 0.35))) {
  k <- length(means)
  so_far <- seq_len(k)
  data <- getDataset(overallN = 40 * so_far, overallMeans = cumsum(means) / so_far,
                     overallStDevs = rep(1, k))
  r <- getAnalysisResults(d, data, normalApproximation = TRUE, thetaH0 = 0, stage = k)
  final <- getFinalConfidenceInterval(d, data, normalApproximation = TRUE, thetaH0 = 0)
  finals[[length(finals) + 1]] <- list(
    fractions = c(0.25, 0.5, 0.75, 1), alpha = 0.05, stage = k, final_stage = final$finalStage,
    z = cumsum(means) * 40 / sqrt(40 * seq_along(means)), repeated_p = r$repeatedPValues[1:k],
    low = r$repeatedConfidenceIntervalLowerBounds[1:k], median_unbiased = final$medianUnbiased,
    items = 40 * k)
}
write_json(list(
  generator = "tests/reference/planned_looks.R",
  versions = list(R = R.version.string, rpact = as.character(packageVersion("rpact"))),
  designs = cases, finals = finals), commandArgs(TRUE)[1], auto_unbox = TRUE, digits = 12, pretty = FALSE)
