//! Items of the semantic layer as templates build them: `{{ Dimension('order_id__country') }}`, in filters and saved
//! queries (<https://docs.getdbt.com/docs/build/metrics-overview#filters>).

use super::METRIC_TIME;
use crate::context::arguments::{Arguments, Function, no_method, text, truth};
use crate::context::raised::Raised;
use jinja::{Environment, HostError, Object, ObjectRepr, SourceFile, State, UndefinedMode, Value};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where an item stands, which decides what its template may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a filter or a saved query's `group_by`.
    Where,
    /// In a saved query's `order_by`.
    OrderBy,
}

/// What is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Dimension(…)`
    Dimension,
    /// `TimeDimension(…)`
    TimeDimension,
    /// `Entity(…)`
    Entity,
    /// `Metric(…)`
    Metric,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Its name as written: `order_id__country`.
    pub name: String,
    /// The granularity it is wanted in, in lower case.
    pub grain: Option<String>,
    date_part: Option<String>,
    path: Vec<String>,
    group_by: Vec<String>,
}

const DATE_PARTS: [&str; 6] = ["year", "quarter", "month", "day", "dow", "doy"];

/// The items that a template builds; an error for what can't be read.
pub fn items(template: &str, place: Place, granularities: &[&str]) -> Result<Vec<Item>, String> {
    let built = Arc::new(Mutex::new(Vec::new()));
    let names = [
        ("Dimension", Kind::Dimension),
        ("TimeDimension", Kind::TimeDimension),
        ("Entity", Kind::Entity),
        ("Metric", Kind::Metric),
    ];
    let builders = names.map(|(name, kind)| (Value::from(name), builder(name, kind, place, &built)));
    let environment = Environment::new().with_undefined(UndefinedMode::Strict);
    let rendered = environment
        .template(&SourceFile::new("item", template))
        .and_then(|it| it.render(&environment, &jinja::value::dict(builders)));
    rendered.map_err(|error| error.message().to_owned())?;
    let items: Vec<Item> = lock(&built).clone();
    if place == Place::Where {
        items.iter().try_for_each(|item| item.check(granularities))?;
    }
    Ok(items)
}

impl Item {
    /// The name's last part that isn't a granularity: what the semantic model calls it.
    pub fn element(&self, granularities: &[&str]) -> &str {
        split(&self.name, granularities).0.last().copied().unwrap_or_default()
    }

    /// Whether it is a metric with nothing more said of it.
    pub fn is_bare_metric(&self) -> bool {
        self.kind == Kind::Metric && self.group_by.is_empty()
    }

    fn check(&self, granularities: &[&str]) -> Result<(), String> {
        let name = &self.name;
        let (parts, grain) = split(name, granularities);
        match self.kind {
            Kind::Metric if self.group_by.is_empty() => Err("`group_by` parameter is required for Metric in where \
                filter. This is needed to determine 1) the granularity to aggregate the metric to and 2) how to join the \
                metric to the rest of the query."
                .to_owned()),
            Kind::Metric if parts.len() > 1 => {
                Err(format!("The name of a metric has no double underscores: '{name}'"))
            }
            Kind::Metric => Ok(()),
            Kind::Entity if grain.is_some() => {
                Err(format!("Name is in an incorrect format: '{name}'. It should not contain a time grain suffix."))
            }
            Kind::Entity => Ok(()),
            Kind::Dimension | Kind::TimeDimension if parts.len() != 2 && parts != [METRIC_TIME] => Err(format!(
                "Name is in an incorrect format: '{name}'. It should be of the form: \
                 <primary entity name>__<dimension_name>"
            )),
            Kind::TimeDimension => match (&self.grain, grain) {
                (Some(one), Some(other)) if one != other => Err(format!(
                    "Received different grains in `time_dimension_name` parameter ('{name}') and \
                     `time_granularity_name` parameter ('{one}')."
                )),
                _ => Ok(()),
            },
            Kind::Dimension => Ok(()),
        }
    }
}

/// The parts of a name between double underscores, and the granularity at its end.
fn split<'a>(name: &'a str, granularities: &[&str]) -> (Vec<&'a str>, Option<&'a str>) {
    let mut parts: Vec<&str> = name.split("__").collect();
    let grain = parts.pop_if(|last| granularities.contains(last));
    (parts, grain)
}

type Built = Arc<Mutex<Vec<Item>>>;

fn lock(built: &Built) -> MutexGuard<'_, Vec<Item>> {
    built.lock().unwrap_or_else(PoisonError::into_inner)
}

fn builder(name: &'static str, kind: Kind, place: Place, built: &Built) -> Value {
    let built = built.clone();
    Function::value(name, move |_, arguments| {
        let item = read(kind, arguments)?;
        let mut items = lock(&built);
        items.push(item);
        let builder = Builder { kind, place, index: items.len() - 1, built: built.clone() };
        Ok(Value::from_object(builder))
    })
}

fn read(kind: Kind, arguments: Arguments<'_>) -> Result<Item, HostError> {
    let mut item = Item {
        kind,
        name: String::new(),
        grain: None,
        date_part: None,
        path: Vec::new(),
        group_by: Vec::new(),
    };
    let name = match kind {
        Kind::Dimension | Kind::Entity => {
            let [name, path] = arguments.bind(["name", "entity_path"], 1)?;
            item.path = texts(path.as_ref());
            name
        }
        Kind::TimeDimension => {
            let names = [
                "time_dimension_name",
                "time_granularity_name",
                "entity_path",
                "descending",
                "date_part_name",
            ];
            let [name, grain, path, _, date_part] = arguments.bind(names, 1)?;
            item.grain = text(grain.as_ref()).map(|grain| grain.to_lowercase());
            item.path = texts(path.as_ref());
            item.date_part =
                date_part.as_ref().and_then(|it| text(Some(it))).map(|it| known_part(&it)).transpose()?;
            name
        }
        Kind::Metric => {
            let [name, group_by] = arguments.bind(["metric_name", "group_by"], 1)?;
            item.group_by = texts(group_by.as_ref());
            name
        }
    };
    let name = name.as_ref().and_then(Value::as_str);
    item.name = name.ok_or_else(|| Raised::compilation("the name is no text"))?.to_owned();
    Ok(item)
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(|value| match value.as_str() {
        Some(one) => Some(vec![one.to_owned()]),
        None => Some(value.try_iter().ok()?.map(|it| jinja::value::to_str(&it)).collect()),
    });
    items.unwrap_or_default()
}

fn known_part(part: &str) -> Result<String, HostError> {
    let lower = part.to_lowercase();
    if DATE_PARTS.contains(&lower.as_str()) {
        return Ok(lower);
    }
    Err(Raised::compilation(format!("'{part}' is not a date part; date parts: {}", DATE_PARTS.join(", "))))
}

/// An item that a template has in hand: it can still say more of it.
#[derive(Debug)]
struct Builder {
    kind: Kind,
    place: Place,
    index: usize,
    built: Built,
}

impl Object for Builder {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let arguments = Arguments::new(method, args)?;
        let is_dimension = matches!(self.kind, Kind::Dimension | Kind::TimeDimension);
        match method {
            "descending" if is_dimension || self.place == Place::OrderBy => {
                let [descending] = arguments.bind(["_is_descending"], 1)?;
                truth(descending.as_ref(), true);
            }
            "grain" if is_dimension => {
                let [grain] = arguments.bind(["time_granularity"], 1)?;
                lock(&self.built)[self.index].grain = text(grain.as_ref()).map(|grain| grain.to_lowercase());
            }
            "date_part" if is_dimension => {
                let [part] = arguments.bind(["date_part_name"], 1)?;
                let part = known_part(&text(part.as_ref()).unwrap_or_default())?;
                lock(&self.built)[self.index].date_part = Some(part);
            }
            _ => return Err(no_method(&format!("{:?}", self.kind), method)),
        }
        Ok(Value::from_dyn_object(self.clone()))
    }

    fn render(self: &Arc<Self>, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANULARITIES: [&str; 2] = ["day", "month"];

    fn read(template: &str, place: Place) -> Result<Vec<Item>, String> {
        items(template, place, &GRANULARITIES)
    }

    #[test]
    fn names_have_one_entity_before_them_unless_they_are_the_metrics_time() {
        for good in [
            "{{ Dimension('order_id__country') }} = 'DE'",
            "{{ Dimension('order_id__ordered_at__day') }} and {{ TimeDimension('metric_time', 'day') }}",
            "{{ Dimension('metric_time').grain('month').date_part('DOW').descending(true) }}",
            "{{ TimeDimension('order_id__ordered_at__day', 'day', entity_path=['people']) }}",
            "{{ Entity('a__b__c') }} {{ Metric('revenue', group_by=['order_id']) }}",
            "1 = 1",
        ] {
            assert!(read(good, Place::Where).is_ok(), "{good}");
        }
        for bad in [
            "{{ Dimension('country') }}",
            "{{ Dimension('a__b__country') }}",
            "{{ Dimension('x__day') }}",
            "{{ TimeDimension('metric_time__day', 'month') }}",
            "{{ Entity('order_id__day') }}",
            "{{ Entity('order_id').descending(true) }}",
            "{{ Metric('revenue') }}",
            "{{ Metric('rev__enue', ['order_id']) }}",
            "{{ Dimension('order_id__at').date_part('week') }}",
            "{{ Dimension(1) }}",
            "{{ Dim('order_id__country') }}",
            "{{ unknown }}",
            "{{ Dimension('order_id__country' }}",
        ] {
            assert!(read(bad, Place::Where).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_ordered_by_may_be_any_item() {
        let ordered = read("{{ Metric('revenue').descending(True) }}", Place::OrderBy);
        assert_eq!(ordered, read("{{ Metric('revenue') }}", Place::OrderBy));
        assert!(read("{{ -revenue }}", Place::OrderBy).is_err());
        assert!(read("{{ Metric('revenue').grain('day') }}", Place::OrderBy).is_err());
    }
}
