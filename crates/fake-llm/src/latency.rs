//! How long answers take.

use std::f64::consts::TAU;
use std::str::FromStr;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

/// A distribution of seconds, written `fixed:0.5`, `uniform:0.2,2` or `lognormal:MEDIAN,SIGMA`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Latency {
    /// Always the same.
    Fixed(f64),
    /// Anything between the two.
    Uniform(f64, f64),
    /// Many short, few long: half take longer than the median.
    Lognormal {
        /// Half take longer.
        median: f64,
        /// The standard deviation of the logarithm.
        sigma: f64,
    },
}

impl Default for Latency {
    fn default() -> Self {
        Self::Fixed(0.0)
    }
}

impl Latency {
    /// Draws one, at most an hour.
    pub fn draw(&self, dice: &mut StdRng) -> Duration {
        let seconds = match *self {
            Self::Fixed(seconds) => seconds,
            Self::Uniform(from, to) => from + (to - from) * dice.random_range(0.0..=1.0),
            Self::Lognormal { median, sigma } => {
                // Box-Muller; the first draw is kept away from zero, whose logarithm is infinite.
                let (a, b): (f64, f64) = (dice.random_range(1e-12..1.0), dice.random_range(0.0..1.0));
                median * (sigma * (-2.0 * a.ln()).sqrt() * (TAU * b).cos()).exp()
            }
        };
        Duration::try_from_secs_f64(seconds.clamp(0.0, 3600.0)).unwrap_or_default()
    }
}

impl FromStr for Latency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is none of fixed:S, uniform:FROM,TO and lognormal:MEDIAN,SIGMA (seconds)");
        let (kind, numbers) = text.split_once(':').ok_or_else(wrong)?;
        let numbers: Vec<f64> = numbers
            .split(',')
            .map(|number| number.trim().parse().map_err(|_| wrong()))
            .collect::<Result<_, _>>()?;
        if numbers.iter().any(|number| !number.is_finite() || *number < 0.0) {
            return Err(wrong());
        }
        match (kind, numbers.as_slice()) {
            ("fixed", [seconds]) => Ok(Self::Fixed(*seconds)),
            ("uniform", [from, to]) if from <= to => Ok(Self::Uniform(*from, *to)),
            ("lognormal", [median, sigma]) => Ok(Self::Lognormal { median: *median, sigma: *sigma }),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn half_of_the_draws_are_above_the_median() {
        let latency: Latency = "lognormal:2,0.5".parse().unwrap();
        let mut dice = StdRng::seed_from_u64(7);
        let above = (0..2000).filter(|_| latency.draw(&mut dice) > Duration::from_secs(2)).count();
        assert!((900..1100).contains(&above), "{above}");
    }

    #[test]
    fn a_wrong_distribution_is_refused_with_its_text() {
        for wrong in ["", "fixed", "fixed:x", "uniform:2,1", "fixed:-1", "lognormal:1"] {
            assert!(wrong.parse::<Latency>().unwrap_err().contains(&format!("`{wrong}`")));
        }
    }
}
