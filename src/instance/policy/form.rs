//! How selectors, relations, times of day and decimals are written; reading them back gives the same.

use super::{ClockTime, Decimal, Matcher, Relation, RelationTest, Selector, Test};
use crate::instance::document::Scalar;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

impl Serialize for Selector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.tests.len()))?;
        for test in &self.tests {
            match test {
                Test::Field(name, matcher) => map.serialize_entry(name, matcher)?,
                Test::Not(inner) => map.serialize_entry("not", inner)?,
                Test::Any(inner) => map.serialize_entry("any", inner)?,
            }
        }
        map.end()
    }
}

impl Serialize for Matcher {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Matcher::OneOf(values) => values.serialize(serializer),
            Matcher::Prefixes(prefixes) => serializer.collect_seq(prefixes.iter().map(|prefix| prefix.to_string())),
            Matcher::Between(least, most) => {
                let mut map = serializer.serialize_map(None)?;
                for (name, side) in [("min", least), ("max", most)] {
                    if let Some(side) = side {
                        map.serialize_entry(name, side)?;
                    }
                }
                map.end()
            }
            Matcher::Present(present) => serializer.collect_map([("present", present)]),
        }
    }
}

impl Serialize for Relation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.tests.len()))?;
        for test in &self.tests {
            match test {
                RelationTest::Same(fields) => map.serialize_entry("same", fields)?,
                RelationTest::Different(fields) => map.serialize_entry("different", fields)?,
                RelationTest::SharesAffinity(shared) => map.serialize_entry("shares_affinity", shared)?,
                RelationTest::Not(inner) => map.serialize_entry("not", inner)?,
                RelationTest::Any(inner) => map.serialize_entry("any", inner)?,
            }
        }
        map.end()
    }
}

impl JsonSchema for Selector {
    fn schema_name() -> Cow<'static, str> {
        "Selector".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let scalar = generator.subschema_for::<Scalar>();
        let inner = generator.subschema_for::<Selector>();
        json_schema!({
            "description": "A conjunction of tests; without any it matches everything.",
            "type": "object",
            "properties": { "not": inner, "any": { "type": "array", "items": inner } },
            "additionalProperties": { "anyOf": [
                { "type": "array", "items": scalar },
                { "type": "object", "properties": { "min": { "type": "number" }, "max": { "type": "number" } },
                  "minProperties": 1, "additionalProperties": false },
                { "type": "object", "properties": { "present": { "type": "boolean" } },
                  "required": ["present"], "additionalProperties": false }
            ] }
        })
    }
}

impl JsonSchema for Relation {
    fn schema_name() -> Cow<'static, str> {
        "Relation".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let inner = generator.subschema_for::<Relation>();
        json_schema!({
            "description": "What must hold between source and destination.",
            "type": "object",
            "properties": {
                "same": { "type": "array", "items": { "type": "string" } },
                "different": { "type": "array", "items": { "type": "string" } },
                "shares_affinity": { "type": "boolean" },
                "not": inner,
                "any": { "type": "array", "items": inner }
            }
        })
    }
}

impl ClockTime {
    /// Reads `HH:MM`, `00:00` to `24:00`.
    pub fn parse(text: &str) -> Option<ClockTime> {
        let [tens, ones, b':', tenths, units] = text.as_bytes() else { return None };
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
        let (hours, minutes) = (digit(tens)? * 10 + digit(ones)?, digit(tenths)? * 10 + digit(units)?);
        let time = ClockTime(hours * 60 + minutes);
        (minutes < 60 && time.0 <= 1440).then_some(time)
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for ClockTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for ClockTime {
    fn schema_name() -> Cow<'static, str> {
        "ClockTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$" })
    }
}

impl Decimal {
    /// Most digits behind the point: any rate times any such number fits 128 bits.
    pub const MOST_DECIMALS: u32 = 26;

    /// Reads the text of a JSON number from 0 to 1, trailing zeros aside with at most 26 decimals.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{fraction}");
        let kept = all.trim_end_matches('0');
        if kept.is_empty() {
            return Some(Decimal { digits: 0, scale: 0 });
        }
        let exponent = i64::from(exponent.parse::<i32>().ok()?);
        let scale = fraction.len() as i64 - (all.len() - kept.len()) as i64 - exponent;
        let scale = u32::try_from(scale).ok().filter(|scale| *scale <= Decimal::MOST_DECIMALS)?;
        let digits = kept.parse::<u128>().ok().filter(|digits| *digits <= 10u128.pow(scale))?;
        Some(Decimal { digits, scale })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scale {
            0 => write!(f, "{}", self.digits),
            scale => {
                let divisor = 10u128.checked_pow(scale).unwrap_or(u128::MAX);
                write!(f, "{}.{:0width$}", self.digits / divisor, self.digits % divisor, width = scale as usize)
            }
        }
    }
}

/// A JSON number with exactly these digits.
impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}
