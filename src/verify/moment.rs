//! Whether a condition holds at the instance's time (contract, section 2, `when`).

use crate::instance::Instance;
use crate::instance::policy::{Hours, When};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// All keys of `when` hold.
pub(super) fn holds(instance: &Instance, when: &When) -> bool {
    let in_hours = when.hours.as_ref().is_none_or(|hours| within(hours, instance.time));
    let in_state = when
        .link_state
        .as_ref()
        .is_none_or(|asked| instance.link(&asked.link).is_some_and(|link| asked.is.contains(&instance.links[link].state)));
    let in_volume = when.link_volume_gb.as_ref().is_none_or(|asked| {
        instance
            .link(&asked.link)
            .map(|link| instance.links[link].month_to_date_gb)
            .is_some_and(|volume| asked.above.is_none_or(|least| volume > least) && asked.below.is_none_or(|most| volume < most))
    });
    in_hours && in_state && in_volume
}

/// The instant lies in the window, by the clock of the window's time zone.
fn within(hours: &Hours, time: Timestamp) -> bool {
    let Ok(zone) = TimeZone::get(hours.timezone.as_deref().unwrap_or("UTC")) else {
        return false;
    };
    let local = time.to_zoned_datetime(zone);
    let minute = local.hour() as u16 * 60 + local.minute() as u16;
    let today = local.weekday().to_monday_zero_offset() as usize;
    let yesterday = (today + 6) % 7;
    let on = |day: usize| hours.days.as_ref().is_none_or(|days| days.iter().any(|named| *named as usize == day));
    let from = hours.from.map_or(0, |clock| clock.0);
    let to = hours.to.map_or(24 * 60, |clock| clock.0);
    match from.cmp(&to) {
        std::cmp::Ordering::Equal => on(today),
        std::cmp::Ordering::Less => on(today) && from <= minute && minute < to,
        // Past midnight: the evening belongs to today's window, the morning to yesterday's.
        std::cmp::Ordering::Greater => (on(today) && from <= minute) || (on(yesterday) && minute < to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::policy::{ClockTime, Day};

    fn hours(days: Option<&[Day]>, from: Option<u16>, to: Option<u16>, timezone: Option<&str>) -> Hours {
        Hours {
            days: days.map(<[Day]>::to_vec),
            from: from.map(ClockTime),
            to: to.map(ClockTime),
            timezone: timezone.map(str::to_owned),
        }
    }

    /// 2026-11-23 is a Monday.
    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_starts_at_from_and_ends_before_to() {
        let nine_to_five = hours(None, Some(540), Some(1020), None);
        assert!(!within(&nine_to_five, at("2026-11-23T08:59:59Z")));
        assert!(within(&nine_to_five, at("2026-11-23T09:00:00Z")));
        assert!(within(&nine_to_five, at("2026-11-23T16:59:59Z")));
        assert!(!within(&nine_to_five, at("2026-11-23T17:00:00Z")));
    }

    #[test]
    fn a_window_past_midnight_belongs_to_the_day_it_starts() {
        let night = hours(Some(&[Day::Mon]), Some(22 * 60), Some(6 * 60), None);
        assert!(within(&night, at("2026-11-23T23:00:00Z")));
        assert!(within(&night, at("2026-11-24T05:59:00Z")));
        assert!(!within(&night, at("2026-11-23T05:00:00Z")), "Monday morning is Sunday's window");
        assert!(!within(&night, at("2026-11-24T22:00:00Z")));
    }

    #[test]
    fn equal_ends_mean_the_whole_day_and_absent_ones_too() {
        for whole in [hours(Some(&[Day::Mon]), Some(540), Some(540), None), hours(Some(&[Day::Mon]), None, None, None)] {
            assert!(within(&whole, at("2026-11-23T00:00:00Z")));
            assert!(within(&whole, at("2026-11-23T23:59:59Z")));
            assert!(!within(&whole, at("2026-11-24T00:00:00Z")));
        }
    }

    #[test]
    fn hours_are_read_on_the_clock_of_their_zone_summer_and_winter() {
        let berlin = hours(None, Some(540), Some(600), Some("Europe/Berlin"));
        assert!(within(&berlin, at("2026-11-23T08:30:00Z")));
        assert!(!within(&berlin, at("2026-07-20T08:30:00Z")));
        assert!(within(&berlin, at("2026-07-20T07:30:00Z")));
    }

    #[test]
    fn the_day_is_the_day_of_the_zone() {
        let tokyo = hours(Some(&[Day::Tue]), None, None, Some("Asia/Tokyo"));
        assert!(within(&tokyo, at("2026-11-23T20:00:00Z")));
        assert!(!within(&tokyo, at("2026-11-24T20:00:00Z")));
    }
}
