//! The filters of Jinja2: `x|upper`.

pub(crate) mod html;
mod json;
mod marker;
mod number;
mod pprint;
mod select;
mod sequence;
pub(crate) mod sorting;
mod text;
mod urlize;
mod wordwrap;

use std::sync::Arc;

use minijinja::Value;

use crate::error::Error;
use crate::python::arguments::Arguments;
use crate::python::function::Native;

pub(crate) use marker::{Marked, Marker};

/// A filter, found by name when the template is parsed.
#[derive(Clone, Debug)]
pub(crate) enum Filter {
    Native(&'static str, Native),
    Host(Arc<str>),
}

impl Filter {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Native(name, _) => name,
            Self::Host(name) => name,
        }
    }
}

/// The filter of this name, if it's one of Jinja2's or of [`marker`].
pub(crate) fn find(name: &str) -> Option<Filter> {
    let at = FILTERS.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Some(Filter::Native(FILTERS[at].0, FILTERS[at].1))
}

/// All filters, sorted by name.
const FILTERS: [(&str, Native); 59] = [
    ("abs", number::abs),
    ("as_bool", marker::as_bool),
    ("as_native", marker::as_native),
    ("as_number", marker::as_number),
    ("as_text", marker::as_text),
    ("attr", sequence::attr),
    ("batch", sequence::batch),
    ("capitalize", text::capitalize),
    ("center", text::center),
    ("count", sequence::length),
    ("d", sequence::default),
    ("default", sequence::default),
    ("dictsort", sorting::dictsort),
    ("e", html::escape_filter),
    ("escape", html::escape_filter),
    ("filesizeformat", number::filesizeformat),
    ("first", sequence::first),
    ("float", number::float),
    ("forceescape", html::forceescape),
    ("format", text::format),
    ("groupby", sorting::groupby),
    ("indent", text::indent),
    ("int", number::int),
    ("is_list", sequence::is_list),
    ("items", sequence::items_filter),
    ("join", sequence::join),
    ("last", sequence::last),
    ("length", sequence::length),
    ("list", sequence::list),
    ("lower", text::lower),
    ("map", select::map),
    ("max", sorting::max),
    ("min", sorting::min),
    ("pprint", pprint::pprint),
    ("random", sequence::random),
    ("reject", select::reject),
    ("rejectattr", select::rejectattr),
    ("replace", text::replace),
    ("reverse", sequence::reverse),
    ("round", number::round),
    ("safe", html::safe),
    ("select", select::select),
    ("selectattr", select::selectattr),
    ("slice", sequence::slice),
    ("sort", sorting::sort),
    ("string", text::string),
    ("striptags", html::striptags),
    ("sum", sequence::sum),
    ("title", text::title),
    ("tojson", json::tojson),
    ("trim", text::trim),
    ("truncate", text::truncate),
    ("unique", sorting::unique),
    ("upper", text::upper),
    ("urlencode", text::urlencode),
    ("urlize", urlize::urlize),
    ("wordcount", text::wordcount),
    ("wordwrap", wordwrap::wordwrap),
    ("xmlattr", html::xmlattr),
];

/// The one argument of a filter that takes nothing but its input.
fn only(call: &Arguments<'_>) -> Result<Value, Error> {
    let [value] = call.bind(["value"], 1)?;
    Ok(value.unwrap_or_default())
}
