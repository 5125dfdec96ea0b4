//! A bar on the terminal while a plan is made; nothing anywhere else.

use super::terminal::Terminal;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pleach::engine::{Phase, Progress};
use std::time::Duration;

/// One line that shows the phase, how far it is, and the best service so far.
pub struct Bar {
    bar: ProgressBar,
    phase: Option<Phase>,
}

impl Bar {
    /// Shows nothing but the phase, for one that is a single step.
    const STEP: &str = "  {spinner} {prefix:9} {msg}  {elapsed}";
    /// Shows how far a phase of many steps is.
    const STEPS: &str = "  {spinner} {prefix:9} {wide_bar} {percent:>3} %  {msg}  {elapsed}";

    /// A bar on standard error if somebody looks at it.
    pub fn new(look: Terminal) -> Bar {
        let target = if look.attended { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if look.attended {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Bar { bar, phase: None }
    }

    /// Leaves no trace.
    pub fn clear(self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn tell(&mut self, phase: Phase, done: u64, total: u64, service: Option<f64>) {
        if self.phase != Some(phase) {
            self.phase = Some(phase);
            let template = if total > 1 { Bar::STEPS } else { Bar::STEP };
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.bar.set_style(style.progress_chars("█░░"));
            }
            self.bar.set_prefix(match phase {
                Phase::Compile => "policies",
                Phase::Place => "trees",
                Phase::Solve => "bound",
                Phase::Verify => "proof",
            });
        }
        self.bar.set_length(total);
        self.bar.set_position(done);
        if let Some(service) = service {
            self.bar.set_message(format!("service {service:.1}"));
        }
    }
}
