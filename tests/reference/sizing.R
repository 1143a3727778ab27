# Reference values for stats.power and stats.sample_size, from R's own power.t.test and from exact
# enumeration of tables of pairs (dmultinom). Run: Rscript sizing.R > sizing.json
t_rows <- expand.grid(n = c(8, 20, 50, 200), delta = c(0.1, 0.3, 0.6), alpha = c(0.05, 0.025))
graded <- mapply(function(n, delta, alpha) {
  found <- power.t.test(n = n, delta = delta, sd = 1, sig.level = alpha, type = "one.sample",
                        alternative = "one.sided", strict = TRUE)$power
  sprintf('    {"n": %d, "effect": %g, "alpha": %g, "power": %.8f}', n, delta, alpha, found)
}, t_rows$n, t_rows$delta, t_rows$alpha)

sizes <- mapply(function(delta, power) {
  n <- power.t.test(delta = delta, sd = 1, sig.level = 0.05, power = power, type = "one.sample",
                    alternative = "one.sided")$n
  sprintf('    {"effect": %g, "wanted": %g, "n": %.6f}', delta, power, n)
}, c(0.2, 0.5, 0.35), c(0.8, 0.9, 0.8))

# McNemar's z with half a pair more under the root, over every table of n pairs.
exact <- function(n, discordance, effect, alpha) {
  gained <- (discordance + effect) / 2
  lost <- (discordance - effect) / 2
  critical <- qnorm(1 - alpha)
  total <- 0
  for (b in 0:n) {
    c <- 0:(n - b)
    z <- (b - c) / sqrt(b + c + 0.5)
    reject <- c[z >= critical]
    if (length(reject)) {
      total <- total + sum(vapply(reject, function(one)
        dmultinom(c(b, one, n - b - one), prob = c(gained, lost, 1 - discordance)), 0))
    }
  }
  total
}
b_rows <- data.frame(n = c(100, 200, 300, 200), discordance = c(0.2, 0.2, 0.1, 0.4),
                     effect = c(0.08, 0.05, 0.04, 0.1))
binary <- mapply(function(n, discordance, effect) {
  sprintf('    {"n": %d, "discordance": %g, "effect": %g, "power": %.8f}', n, discordance, effect,
          exact(n, discordance, effect, 0.05))
}, b_rows$n, b_rows$discordance, b_rows$effect)

cat(sprintf('{\n  "source": "%s, package stats",\n', R.version.string))
cat('  "graded": [\n', paste(graded, collapse = ",\n"), "\n  ],\n", sep = "")
cat('  "sizes": [\n', paste(sizes, collapse = ",\n"), "\n  ],\n", sep = "")
cat('  "binary": [\n', paste(binary, collapse = ",\n"), "\n  ]\n}\n", sep = "")
