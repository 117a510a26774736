//! `--autoscale MAX,MIN`.

use std::str::FromStr;

/// Between `min` and `max` tasks at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Autoscale {
    /// At most so many.
    pub max: usize,
    /// At least so many, and never fewer than one.
    pub min: usize,
}

impl FromStr for Autoscale {
    type Err = String;

    /// The larger number is the maximum, in whatever order they stand; one number alone is the maximum.
    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Result<Vec<usize>, _> = text.split(',').map(|number| number.trim().parse()).collect();
        match numbers.as_deref() {
            Ok([max]) if *max > 0 => Ok(Self { max: *max, min: 1 }),
            Ok([one, two]) if *one.max(two) > 0 => {
                Ok(Self { max: *one.max(two), min: (*one.min(two)).max(1) })
            }
            _ => Err("two numbers are expected, MAX,MIN".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_number_is_the_maximum() {
        assert_eq!("10,3".parse(), Ok(Autoscale { max: 10, min: 3 }));
        assert_eq!("3, 10".parse(), Ok(Autoscale { max: 10, min: 3 }));
        assert_eq!("8".parse(), Ok(Autoscale { max: 8, min: 1 }));
        assert_eq!("8,0".parse(), Ok(Autoscale { max: 8, min: 1 }));
        assert!("0".parse::<Autoscale>().is_err() && "a,b".parse::<Autoscale>().is_err());
    }
}
