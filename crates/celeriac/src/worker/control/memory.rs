//! Samples of the memory that the process uses.

use std::collections::VecDeque;
use std::fmt::Write as _;

use parking_lot::Mutex;
use serde_json::Value;

use crate::host;

/// No more samples are kept.
const MAX_SAMPLES: usize = 1_000;

/// The memory of the process, so one list for all its workers.
static SAMPLES: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Takes a sample; `null` where the machine does not tell.
pub(super) fn sample() -> Value {
    let Some(used) = host::resident() else { return Value::Null };
    let shown = human(used);
    let mut samples = SAMPLES.lock();
    if samples.len() >= MAX_SAMPLES {
        samples.pop_front();
    }
    samples.push_back(shown.clone());
    Value::String(shown)
}

/// The last samples, and the memory that is used now.
pub(super) fn dump(samples: usize) -> Value {
    let Some(used) = host::resident() else { return Value::from("- rss: not known on this system.\n") };
    let mut out = String::new();
    let taken = SAMPLES.lock();
    if !taken.is_empty() && samples > 0 {
        out.push_str("- rss (sample):\n");
        for shown in taken.iter().skip(taken.len().saturating_sub(samples)) {
            let _ = writeln!(out, "-    > {shown},");
        }
    }
    let _ = writeln!(out, "- rss (end): {}.", human(used));
    Value::String(out)
}

/// Bytes with a unit and five digits.
fn human(bytes: u64) -> String {
    const UNITS: [(f64, &str); 4] =
        [(1_099_511_627_776.0, "TB"), (1_073_741_824.0, "GB"), (1_048_576.0, "MB"), (1_024.0, "KB")];
    let exact = bytes as f64;
    let Some((size, unit)) = UNITS.into_iter().find(|(size, _)| exact >= *size) else {
        return format!("{bytes}b");
    };
    let number = exact / size;
    let digits = 4_usize.saturating_sub(number.log10().floor() as usize);
    let shown = format!("{number:.digits$}");
    let shown = if shown.contains('.') { shown.trim_end_matches('0').trim_end_matches('.') } else { &shown };
    format!("{shown}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_with_five_digits() {
        assert_eq!(human(512), "512b");
        assert_eq!(human(1024), "1KB");
        assert_eq!(human(43 * 1_048_576 + 125_000), "43.119MB");
        assert_eq!(human(1_073_741_824 * 3 / 2), "1.5GB");
    }

    #[test]
    fn samples_are_kept_for_the_dump() {
        let Value::String(taken) = sample() else { panic!("no memory is told") };
        let Value::String(dumped) = dump(1_000) else { panic!("no dump") };
        assert!(
            dumped.contains(&format!("-    > {taken},\n")) && dumped.contains("- rss (end): "),
            "{dumped}"
        );
    }
}
