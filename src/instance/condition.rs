//! Whether a condition holds at the instant that the instance describes.

use super::Instance;
use super::policy::{ClockTime, Day, Hours, LinkStateIs, LinkVolume, Policy, When};
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

/// A policy is in force: its condition holds, and its period has not ended.
pub fn in_force(policy: &Policy, instance: &Instance) -> bool {
    holds(&policy.when, instance) && !policy.rule.has_ended(instance.time)
}

/// All keys of the condition hold; one that is absent always does.
pub fn holds(when: &When, instance: &Instance) -> bool {
    let hours = when.hours.as_ref().is_none_or(|hours| within(hours, instance.time));
    let state = when.link_state.as_ref().is_none_or(|state| is_in_state(state, instance));
    let volume = when.link_volume_gb.as_ref().is_none_or(|volume| has_volume(volume, instance));
    hours && state && volume
}

/// `from` <= t < `to` on one of the days; `from` = `to` is the whole day, and a window past midnight belongs to the day
/// it starts.
fn within(hours: &Hours, time: Timestamp) -> bool {
    let Ok(zone) = TimeZone::get(hours.timezone.as_deref().unwrap_or("UTC")) else { return false };
    let local = time.to_zoned_datetime(zone);
    let on = |weekday: Weekday| hours.days.as_ref().is_none_or(|days| days.contains(&day(weekday)));
    let (today, yesterday) = (on(local.weekday()), on(local.weekday().previous()));
    // Whole minutes decide: bounds are whole minutes, and the seconds of t never carry it over one.
    let now = ClockTime(local.hour() as u16 * 60 + local.minute() as u16);
    let (from, to) = (hours.from.unwrap_or(ClockTime(0)), hours.to.unwrap_or(ClockTime(1440)));
    match from.cmp(&to) {
        std::cmp::Ordering::Equal => today,
        std::cmp::Ordering::Less => today && from <= now && now < to,
        std::cmp::Ordering::Greater => (today && from <= now) || (yesterday && now < to),
    }
}

fn day(weekday: Weekday) -> Day {
    match weekday {
        Weekday::Monday => Day::Mon,
        Weekday::Tuesday => Day::Tue,
        Weekday::Wednesday => Day::Wed,
        Weekday::Thursday => Day::Thu,
        Weekday::Friday => Day::Fri,
        Weekday::Saturday => Day::Sat,
        Weekday::Sunday => Day::Sun,
    }
}

fn is_in_state(state: &LinkStateIs, instance: &Instance) -> bool {
    instance.link(&state.link).is_some_and(|link| state.is.contains(&instance.links[link].state))
}

/// Strictly above, strictly below, or both.
fn has_volume(volume: &LinkVolume, instance: &Instance) -> bool {
    let Some(link) = instance.link(&volume.link) else { return false };
    let now = instance.links[link].month_to_date_gb;
    volume.above.is_none_or(|above| now > above) && volume.below.is_none_or(|below| now < below)
}
