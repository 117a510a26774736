//! The four steps on stderr: redrawn bars on a terminal, one line a step elsewhere.

use std::io::Write;
use std::time::{Duration, Instant};

use analysis::{Analysis, Status, Step};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use reader::document::grouped;

const STEPS: [Step; 4] = [Step::Scan, Step::Index, Step::Analyze, Step::Document];

/// Shows how far an analysis is.
pub struct StepBars {
    steps: Vec<StepBar>,
    terminal: bool,
}

struct StepBar {
    step: Step,
    bar: ProgressBar,
    begun: Option<Instant>,
    took: Option<Duration>,
    done: bool,
}

impl StepBars {
    /// Four waiting steps.
    pub fn new(terminal: bool) -> StepBars {
        let target =
            if terminal { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        let steps = STEPS
            .into_iter()
            .map(|step| {
                let bar = bars.add(ProgressBar::new(0));
                bar.set_style(style("  {prefix:9}"));
                bar.set_prefix(step.as_str());
                bar.tick();
                StepBar { step, bar, begun: None, took: None, done: false }
            })
            .collect();
        StepBars { steps, terminal }
    }

    /// Takes over the state of `analysis`; `summary` says what a finished step found, once that is known.
    pub fn update(&mut self, analysis: &Analysis, summary: &dyn Fn(Step) -> Option<String>) {
        let current = analysis.step;
        // One that stopped before its first step went through none.
        let ended = analysis.status == Status::Completed;
        for index in 0..self.steps.len() {
            let step = self.steps[index].step;
            let passed = ended || current.is_some_and(|current| current > step);
            if passed && !self.steps[index].done {
                self.finish(index, summary(step));
            } else if current == Some(step) {
                self.advance(index, analysis);
            }
        }
    }

    /// Removes what is not finished from the terminal.
    pub fn stop(&self) {
        for step in self.steps.iter().filter(|step| !step.done) {
            step.bar.finish_and_clear();
        }
    }

    fn advance(&mut self, index: usize, analysis: &Analysis) {
        let Some(step) = self.steps.get_mut(index) else { return };
        step.begun.get_or_insert_with(Instant::now);
        let (done, total) = analysis.progress.map_or((0, None), |progress| (progress.done, progress.total));
        match total.filter(|total| *total > 0) {
            Some(total) => {
                step.bar.set_style(
                    style("  {prefix:9} {bar:24} {pos}/{len} {msg}   {eta} left").progress_chars("██▌ "),
                );
                step.bar.set_length(total);
                step.bar.set_position(done.min(total));
            }
            None => {
                step.bar.set_style(style("  {prefix:9} {spinner} {pos} {msg}"));
                step.bar.set_position(done);
            }
        }
        step.bar.set_message(unit(step.step));
    }

    fn finish(&mut self, index: usize, summary: Option<String>) {
        let terminal = self.terminal;
        let Some(step) = self.steps.get_mut(index) else { return };
        step.took = step.took.or_else(|| step.begun.map(|begun| begun.elapsed()));
        let Some(summary) = summary else { return };
        step.done = true;
        let took = step.took.map(|took| format!("{:>8}", seconds(took))).unwrap_or_default();
        let line = format!("{summary:<50}{took}");
        step.bar.set_style(style("  {prefix:9} {msg}"));
        if terminal {
            step.bar.finish_with_message(line.trim_end().to_owned());
        } else {
            drop(writeln!(std::io::stderr(), "  {:9} {}", step.step, line.trim_end()));
        }
    }
}

/// `0.2 s`, `12.0 s`, `3 min 5 s`.
pub fn seconds(time: Duration) -> String {
    let total = time.as_secs();
    if total < 120 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {} s", total / 60, total % 60)
    }
}

/// `1 page`, `1,204 symbols`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

fn unit(step: Step) -> &'static str {
    match step {
        Step::Document => "pages",
        Step::Scan | Step::Index | Step::Analyze => "files",
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_counted() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_204), "1,204");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "page", "pages"), "1 page");
        assert_eq!(counted(14, "page", "pages"), "14 pages");
    }

    /// The steps of which an analysis in this state is told that they are over.
    fn over(status: Status, step: Option<Step>) -> Vec<Step> {
        let analysis = serde_json::from_value(serde_json::json!({
            "id": "0123456789abcdef", "name": "a", "task_id": "t", "status": status, "step": step, "progress": null,
            "source": {"path": "/a"}, "commit": null, "language": "en", "model": null,
            "counts": analysis::Counts::default(), "llm": analysis::LlmUsage::default(), "error": null,
            "created_at": "2026-01-01T00:00:00Z", "started_at": null, "finished_at": "2026-01-01T00:00:00Z",
        }));
        let mut bars = StepBars::new(false);
        bars.update(&analysis.unwrap(), &|_| Some(String::new()));
        bars.steps.iter().filter(|step| step.done).map(|step| step.step).collect()
    }

    #[test]
    fn only_steps_that_were_gone_through_are_told() {
        assert_eq!(over(Status::Completed, None), STEPS);
        assert_eq!(over(Status::Cancelled, None), []);
        assert_eq!(over(Status::Failed, None), []);
        assert_eq!(over(Status::Cancelled, Some(Step::Analyze)), [Step::Scan, Step::Index]);
    }

    #[test]
    fn times_read_well() {
        assert_eq!(seconds(Duration::from_millis(210)), "0.2 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 5 s");
    }
}
