# Writes rpact.json: group-sequential designs and analyses by rpact.
# Run: Rscript generate.R > rpact.json
suppressMessages({
  library(rpact)
  library(jsonlite)
})

number <- function(x) if (is.null(x)) NULL else as.numeric(x)

one <- function(name, ours, ...) {
  design <- getDesignGroupSequential(...)
  traits <- getDesignCharacteristics(design)
  drift <- sqrt(traits$shift)
  list(
    name = name, ours = ours,
    fractions = number(design$informationRates),
    upper = number(design$criticalValues),
    futility = number(design$futilityBounds),
    alpha_spent = number(design$alphaSpent),
    inflation = number(traits$inflationFactor),
    shift = number(traits$shift),
    expected_null = number(traits$averageSampleNumber0),
    expected_effect = number(traits$averageSampleNumber1),
    power = number(traits$power)
  )
}

spending <- list(
  "obrien-fleming" = "asOF", "pocock" = "asP", "hwang-shih-decani" = "asHSD",
  "kim-demets" = "asKD"
)
classical <- list("pocock" = "P", "obrien-fleming" = "OF", "wang-tsiatis" = "WT")
looks <- list(equal5 = (1:5) / 5, uneven = c(0.15, 0.4, 0.7, 0.95, 1), two = c(0.5, 1))

quiet <- function(...) suppressWarnings(suppressMessages(one(...)))
designs <- list()
for (sided in 1:2) {
  for (rates in names(looks)) {
    for (shape in names(spending)) {
      parameter <- c("hwang-shih-decani" = -4, "kim-demets" = 2.5)[shape]
      more <- if (is.na(parameter)) list() else list(gammaA = unname(parameter))
      designs <- c(designs, list(do.call(quiet, c(list(
        name = paste(shape, rates, sided),
        ours = list(
          kind = "spending", shape = shape, sides = sided, alpha = 0.025 * sided, power = 0.9,
          parameter = if (is.na(parameter)) NULL else unname(parameter)
        ),
        typeOfDesign = spending[[shape]], informationRates = looks[[rates]],
        alpha = 0.025 * sided, sided = sided, beta = 0.1
      ), more))))
    }
    for (shape in names(classical)) {
      more <- if (shape == "wang-tsiatis") list(deltaWT = 0.25) else list()
      designs <- c(designs, list(do.call(quiet, c(list(
        name = paste("classical", shape, rates, sided),
        ours = list(
          kind = "classical", shape = shape, sides = sided, alpha = 0.025 * sided, power = 0.8,
          parameter = if (shape == "wang-tsiatis") 0.25 else NULL
        ),
        typeOfDesign = classical[[shape]], informationRates = looks[[rates]],
        alpha = 0.025 * sided, sided = sided, beta = 0.2
      ), more))))
    }
  }
}
for (binding in c(FALSE, TRUE)) {
  for (rates in names(looks)) {
    designs <- c(designs, list(quiet(
      name = paste("futility", rates, binding),
      ours = list(
        kind = "futility", shape = "obrien-fleming", sides = 1, alpha = 0.025, power = 0.85,
        beta_shape = "hwang-shih-decani", beta_parameter = -2, binding = binding
      ),
      typeOfDesign = "asOF", typeBetaSpending = "bsHSD", gammaB = -2,
      informationRates = looks[[rates]], alpha = 0.025, sided = 1, beta = 0.15,
      bindingFutility = binding
    )))
  }
}
# Haybittle and Peto: a z of 3 at every look but the last.
designs <- c(designs, list(quiet(
  name = "haybittle-peto",
  ours = list(
    kind = "classical", shape = "haybittle-peto", sides = 2, alpha = 0.05, power = 0.9,
    parameter = 3
  ),
  typeOfDesign = "HP", constantBoundsHP = 3, informationRates = (1:4) / 4, alpha = 0.05,
  sided = 2, beta = 0.1
)))

# Stage-wise inference after a stop, from log-rank statistics: information is a quarter of the events.
after <- function(name, design, events, z) {
  data <- getDataset(overallEvents = events, overallLogRanks = z)
  result <- suppressWarnings(suppressMessages(getAnalysisResults(design, data, thetaH0 = 1)))
  list(
    name = name, fractions = number(design$informationRates),
    upper = number(design$criticalValues), events = events, z = z,
    stage = result$finalStage, p = number(result$finalPValues),
    low = number(result$finalConfidenceIntervalLowerBounds),
    high = number(result$finalConfidenceIntervalUpperBounds),
    median = number(result$medianUnbiasedEstimates)
  )
}
of <- getDesignGroupSequential(kMax = 3, alpha = 0.025, sided = 1, typeOfDesign = "asOF")
pocock <- getDesignGroupSequential(kMax = 4, alpha = 0.025, sided = 1, typeOfDesign = "asP")
stops <- list(
  after("obrien-fleming, second look", of, c(40, 80), c(1.1, 2.7)),
  after("pocock, third look", pocock, c(30, 60, 90), c(1.2, 1.9, 2.9)),
  after("pocock, first look", pocock, c(30), c(2.9)),
  after("obrien-fleming, last look", of, c(40, 80, 120), c(0.4, 1.2, 1.5))
)

cat(toJSON(list(
  source = list(
    program = "rpact", version = as.character(packageVersion("rpact")),
    R = R.version.string, script = "generate.R"
  ),
  designs = designs, stops = stops
), auto_unbox = TRUE, null = "null", na = "null", digits = I(17), pretty = TRUE), "\n")
