//! Time zones: `datetime.timezone` and those of `pytz`.

use chrono::{NaiveDateTime, Offset, TimeZone};
use chrono_tz::{OffsetComponents, OffsetName, Tz};
use minijinja::Value;

use super::class::Class;
use super::datetime::DateTime;
use super::delta::Delta;
use super::instance::{Instance, Py};
use super::of;
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::python::arguments::{Arguments, flag, integer, string};
use crate::python::function::NativeFunction;
use crate::python::list::List;
use crate::python::text::{repr, repr_str};

/// A time zone, with the offset that the moment it belongs to has in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Zone {
    kind: ZoneKind,
    /// Seconds east of UTC.
    pub offset: i32,
    /// `CET`, `UTC`, `UTC+02:00`
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ZoneKind {
    /// `datetime.timezone`
    Fixed { named: bool },
    /// `pytz.utc`
    PytzUtc,
    /// `pytz.FixedOffset`
    PytzFixed,
    /// `pytz.timezone`, and whether its offset is that of summer.
    Pytz(Tz, bool),
}

impl Zone {
    /// `datetime.timezone.utc`
    pub(super) fn utc() -> Self {
        Self { kind: ZoneKind::Fixed { named: false }, offset: 0, name: "UTC".to_owned() }
    }

    /// `datetime.timezone(offset)`
    pub(super) fn fixed(offset: i32) -> Self {
        let name = if offset == 0 { "UTC".to_owned() } else { format!("UTC{}", offset_text(offset)) };
        Self { kind: ZoneKind::Fixed { named: false }, offset, name }
    }

    pub(super) fn pytz_utc() -> Self {
        Self { kind: ZoneKind::PytzUtc, offset: 0, name: "UTC".to_owned() }
    }

    /// This zone with the offset that it has at a moment in UTC.
    pub(super) fn at_utc(&self, utc: NaiveDateTime) -> Self {
        let ZoneKind::Pytz(tz, _) = self.kind else {
            return self.clone();
        };
        let offset = tz.offset_from_utc_datetime(&utc);
        Self::resolved(tz, &offset)
    }

    fn resolved(tz: Tz, found: &<Tz as TimeZone>::Offset) -> Self {
        let offset = found.fix().local_minus_utc();
        let name = found.abbreviation().map_or_else(|| offset_text(offset), ToOwned::to_owned);
        Self { kind: ZoneKind::Pytz(tz, !found.dst_offset().is_zero()), offset, name }
    }

    /// This zone with the offset that it has at a local time; of two, the later (standard time) unless `dst`.
    fn at_local(&self, local: NaiveDateTime, dst: bool) -> Self {
        let ZoneKind::Pytz(tz, _) = self.kind else {
            return self.clone();
        };
        let found = tz.offset_from_local_datetime(&local);
        let offset = if dst { found.earliest() } else { found.latest() };
        let offset = offset.unwrap_or_else(|| tz.offset_from_utc_datetime(&local));
        Self::resolved(tz, &offset)
    }

    /// How much of the offset is daylight saving; none for fixed offsets.
    pub(super) fn dst(&self, utc: NaiveDateTime) -> Option<Delta> {
        match self.kind {
            ZoneKind::Pytz(tz, _) => {
                let seconds = tz.offset_from_utc_datetime(&utc).dst_offset().num_seconds();
                Some(Delta(i128::from(seconds) * 1_000_000))
            }
            ZoneKind::PytzUtc | ZoneKind::PytzFixed => Some(Delta::ZERO),
            ZoneKind::Fixed { .. } => None,
        }
    }
}

/// `+02:00`, with seconds only where there are some.
pub(super) fn offset_text(offset: i32) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let size = offset.abs();
    let mut text = format!("{sign}{:02}:{:02}", size / 3600, size / 60 % 60);
    if size % 60 != 0 {
        text += &format!(":{:02}", size % 60);
    }
    text
}

/// The type `datetime.timezone`.
pub(super) fn class() -> Value {
    Class {
        name: "datetime.timezone",
        new,
        methods: &[],
        attribute: |name| (name == "utc").then(|| Py::value(Zone::utc())),
    }
    .value()
}

fn new(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [offset, name] = call.bind(["offset", "name"], 1)?;
    let offset = offset.unwrap_or_default();
    let Some(offset) = of::<Delta>(&offset) else {
        let message = format!(
            "timezone() argument 1 must be datetime.timedelta, not {}",
            crate::python::kind::type_name(&offset)
        );
        return Err(Error::new(ErrorKind::Type, message).into());
    };
    let seconds = i32::try_from(offset.0 / 1_000_000).ok().filter(|it| it.abs() < 86_400);
    let seconds = seconds.ok_or_else(|| {
        let message = format!(
            "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not {}.",
            offset.repr()
        );
        Error::new(ErrorKind::Value, message)
    })?;
    let mut zone = Zone::fixed(seconds);
    if let Some(name) = name {
        string(&name, "timezone() argument 2")?.clone_into(&mut zone.name);
        zone.kind = ZoneKind::Fixed { named: true };
    }
    Ok(Py::value(zone))
}

/// The members of `pytz`.
pub(super) fn pytz_member(name: &str) -> Option<Value> {
    Some(match name {
        "utc" | "UTC" => Py::value(Zone::pytz_utc()),
        "timezone" => NativeFunction::value("timezone", timezone),
        "FixedOffset" => NativeFunction::value("FixedOffset", fixed_offset),
        "all_timezones" | "common_timezones" => {
            List::value(chrono_tz::TZ_VARIANTS.iter().map(|tz| Value::from(tz.name())).collect())
        }
        _ => return None,
    })
}

fn timezone(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [zone] = call.bind(["zone"], 1)?;
    let zone = zone.unwrap_or_default();
    let name = string(&zone, "zone")?;
    if name.eq_ignore_ascii_case("utc") {
        return Ok(Py::value(Zone::pytz_utc()));
    }
    let known = chrono_tz::TZ_VARIANTS.iter().find(|tz| tz.name().eq_ignore_ascii_case(name));
    match known {
        // Before anything is known of the moment, pytz takes the oldest offset: local mean time.
        Some(tz) => {
            let oldest = tz.offset_from_utc_datetime(&NaiveDateTime::MIN);
            let seconds = oldest.fix().local_minus_utc();
            // pytz rounds it to minutes.
            let minutes = (f64::from(seconds) / 60.0).round();
            #[expect(clippy::cast_possible_truncation, reason = "an offset of less than a day")]
            let offset = minutes as i32 * 60;
            Ok(Py::value(Zone { offset, ..Zone::resolved(*tz, &oldest) }))
        }
        None => Err(Error::new(ErrorKind::Key, repr_str(name)).into()),
    }
}

fn fixed_offset(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [minutes] = call.bind(["offset"], 1)?;
    let minutes = integer(&minutes.unwrap_or_default())?;
    let offset = i32::try_from(minutes).ok().filter(|it| it.abs() < 1440).ok_or_else(|| {
        Error::new(ErrorKind::Value, format!("('absolute offset is too large', {minutes})"))
    })?;
    if offset == 0 {
        return Ok(Py::value(Zone::pytz_utc()));
    }
    let name = format!("pytz.FixedOffset({offset})");
    Ok(Py::value(Zone { kind: ZoneKind::PytzFixed, offset: offset * 60, name }))
}

impl Instance for Zone {
    const TYPE: &'static str = "datetime.timezone";
    const METHODS: &'static [&'static str] =
        &["localize", "normalize", "utcoffset", "tzname", "dst", "fromutc"];

    fn attribute(&self, name: &str) -> Option<Value> {
        match (name, &self.kind) {
            ("zone", ZoneKind::Pytz(tz, _)) => Some(Value::from(tz.name())),
            ("zone", ZoneKind::PytzUtc) => Some(Value::from("UTC")),
            ("zone", ZoneKind::PytzFixed) => Some(Value::from(())),
            _ => None,
        }
    }

    fn method(&self, _: &Value, _: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
        let [moment, is_dst] = call.bind(["dt", "is_dst"], 1)?;
        let moment = moment.unwrap_or_default();
        let Some(moment) = of::<DateTime>(&moment) else {
            if moment.is_none() && matches!(call.function, "utcoffset" | "tzname") {
                return Ok(match call.function {
                    "tzname" => Value::from(self.name.as_str()),
                    _ => Py::value(Delta::seconds(self.offset)),
                });
            }
            let message = format!("a datetime is expected, not {}", repr(&moment));
            return Err(Error::new(ErrorKind::Type, message).into());
        };
        let zone = match call.function {
            "normalize" | "fromutc" => self.at_utc(moment.utc()),
            _ => self.at_local(moment.naive, flag(is_dst.as_ref(), false)),
        };
        Ok(match call.function {
            "localize" => {
                if moment.zone.is_some() {
                    let message = "Not naive datetime (tzinfo is already set)";
                    return Err(Error::new(ErrorKind::Value, message).into());
                }
                Py::value(DateTime { naive: moment.naive, zone: Some(zone) })
            }
            "normalize" | "fromutc" => Py::value(DateTime::of_utc(moment.utc(), zone)),
            "tzname" => Value::from(zone.name.as_str()),
            "dst" => match zone.dst(moment.naive) {
                Some(delta) => Py::value(delta),
                None => Value::from(()),
            },
            _ => Py::value(Delta::seconds(zone.offset)),
        })
    }

    fn str(&self) -> String {
        match &self.kind {
            ZoneKind::Pytz(tz, _) => tz.name().to_owned(),
            _ => self.name.clone(),
        }
    }

    fn repr(&self) -> String {
        match &self.kind {
            ZoneKind::Fixed { named: false } if self.offset == 0 => "datetime.timezone.utc".to_owned(),
            ZoneKind::Fixed { named } => {
                let offset = Delta::seconds(self.offset).repr();
                let name = if *named { format!(", {}", repr_str(&self.name)) } else { String::new() };
                format!("datetime.timezone({offset}{name})")
            }
            ZoneKind::PytzUtc => "<UTC>".to_owned(),
            ZoneKind::PytzFixed => self.name.clone(),
            ZoneKind::Pytz(tz, is_dst) => {
                let sign = if self.offset > 0 { "+" } else { "" };
                let delta = Delta::seconds(self.offset).str();
                let dst = if *is_dst { "DST" } else { "STD" };
                format!("<DstTzInfo '{}' {}{sign}{delta} {dst}>", tz.name(), self.name)
            }
        }
    }

    fn type_name(&self) -> &'static str {
        match self.kind {
            ZoneKind::Fixed { .. } => "datetime.timezone",
            ZoneKind::PytzUtc => "pytz.UTC",
            ZoneKind::PytzFixed => "pytz._FixedOffset",
            ZoneKind::Pytz(..) => "pytz.tzfile",
        }
    }
}
