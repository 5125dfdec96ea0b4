//! Conditions of policies and routes.

use super::fields::{Fields, keep, values};
use super::scalar::{Read, Wrong, amount, excerpt, id, text, word};
use crate::instance::document::LinkState;
use crate::instance::fault::{Code, Fault};
use crate::instance::policy::{ClockTime, Day, Hours, LinkStateIs, LinkVolume, When};

/// A condition; all its keys must hold.
pub(super) fn when(fields: &mut Fields<'_, '_>) -> When {
    When {
        hours: fields.object("hours", hours),
        link_state: fields.object("link_state", link_state),
        link_volume_gb: fields.object("link_volume_gb", link_volume),
    }
}

pub(super) fn hours(fields: &mut Fields<'_, '_>) -> Hours {
    let days = fields.take("days");
    let day = |raw, at: super::At<'_>, faults: &mut Vec<Fault>| keep(word(&Day::ALL)(raw), at, faults);
    Hours {
        days: days.map(|raw| values(raw, fields.at.field("days"), fields.faults, day)),
        from: fields.optional("from", clock),
        to: fields.optional("to", clock),
        timezone: fields.optional("timezone", timezone),
    }
}

pub(super) fn link_state(fields: &mut Fields<'_, '_>) -> LinkStateIs {
    let link = fields.required("link", id).unwrap_or_default();
    let Some(raw) = fields.take("is") else {
        fields.missing("is");
        return LinkStateIs { link, is: Vec::new() };
    };
    let state = |raw, at: super::At<'_>, faults: &mut Vec<Fault>| keep(word(LinkState::WORDS)(raw), at, faults);
    LinkStateIs { link, is: values(raw, fields.at.field("is"), fields.faults, state) }
}

pub(super) fn link_volume(fields: &mut Fields<'_, '_>) -> LinkVolume {
    let link = fields.required("link", id).unwrap_or_default();
    let (above, below) = (fields.take("above"), fields.take("below"));
    if above.is_none() && below.is_none() {
        fields.missing("above\" or \"below");
    }
    LinkVolume {
        link,
        above: above.and_then(|raw| fields.value("above", raw, amount)),
        below: below.and_then(|raw| fields.value("below", raw, amount)),
    }
}

/// `HH:MM`, up to `24:00`.
fn clock(raw: &str) -> Read<ClockTime> {
    let given = text(raw)?;
    let wrong =
        || Wrong::new(Code::BadTime, format!("{:?} is not a time of day", excerpt(&given)), "write HH:MM, 00:00 to 24:00");
    ClockTime::parse(&given).ok_or_else(wrong)
}

fn timezone(raw: &str) -> Read<String> {
    let given = text(raw)?;
    match jiff::tz::TimeZone::get(&given) {
        Ok(_) => Ok(given.into()),
        Err(_) => {
            let what = format!("{:?} is not a known time zone", excerpt(&given));
            Err(Wrong::new(Code::BadTime, what, "write an IANA name such as Europe/Berlin"))
        }
    }
}
