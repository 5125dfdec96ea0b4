//! The moment that is imported.

use super::logs::Logs;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use std::str::FromStr;

/// When.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// The full minute at which most viewers are online, the earliest of several.
    Busiest,
    /// A time of the logged day.
    OfDay(Time),
    /// An instant.
    At(Timestamp),
}

impl FromStr for Moment {
    type Err = String;

    /// `busiest`, `20:13`, `20:13:30`, or RFC 3339.
    fn from_str(text: &str) -> Result<Moment, String> {
        if text == "busiest" {
            return Ok(Moment::Busiest);
        }
        // A date without a zone is no instant, and no time of day either.
        let plain = text.contains(':') && text.chars().all(|c| c.is_ascii_digit() || c == ':' || c == '.');
        let of_day = || text.parse().map(Moment::OfDay).ok().filter(|_| plain);
        let instant = text.parse().map(Moment::At).ok();
        instant.or_else(of_day).ok_or_else(|| {
            format!("\"{text}\" is no moment: write busiest, a time of day like 20:13, or an instant like 2026-11-22T20:13:00Z")
        })
    }
}

impl Moment {
    /// Milliseconds after midnight of the logged day, and the instant. `None`: an instant that is not of that day.
    pub(super) fn find(self, logs: &Logs, day: Date) -> Option<(u32, Timestamp)> {
        let midnight = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?.as_millisecond();
        let at = match self {
            Moment::Busiest => i64::from(busiest(logs)),
            Moment::OfDay(time) => (time.duration_since(Time::midnight())).as_millis() as i64,
            Moment::At(instant) => instant.as_millisecond().checked_sub(midnight)?,
        };
        let instant = Timestamp::from_millisecond(midnight.checked_add(at)?).ok()?;
        Some((u32::try_from(at).ok()?, instant))
    }
}

/// The full minute, in milliseconds, at which most sessions run.
fn busiest(logs: &Logs) -> u32 {
    const MINUTE: u32 = 60_000;
    let mut changes = std::collections::BTreeMap::<u32, i64>::new();
    for peer in &logs.peers {
        // The first full minute within the session, and the first after it.
        *changes.entry(peer.span.first.div_ceil(MINUTE)).or_default() += 1;
        *changes.entry(peer.span.end().div_ceil(MINUTE)).or_default() -= 1;
    }
    let (mut online, mut most) = (0, (0, 0));
    for (minute, change) in changes {
        online += change;
        if online > most.0 {
            most = (online, minute);
        }
    }
    most.1 * MINUTE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_words_times_of_day_or_instants_and_nothing_else() {
        assert_eq!("busiest".parse(), Ok(Moment::Busiest));
        assert_eq!("20:13".parse(), Ok(Moment::OfDay(Time::constant(20, 13, 0, 0))));
        assert_eq!("20:13:30".parse(), Ok(Moment::OfDay(Time::constant(20, 13, 30, 0))));
        assert_eq!("1970-01-01T01:00:00+01:00".parse(), Ok(Moment::At(Timestamp::UNIX_EPOCH)));
        for text in ["", "20", "2013", "24:00", "20:61", "2020-07-29", "2020-07-29T20:13", "noon"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
