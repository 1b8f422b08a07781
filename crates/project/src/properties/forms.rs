//! The form of every section's blocks: the keys they may have, and what may stand there
//! (<https://docs.getdbt.com/reference/configs-and-properties>).

mod semantic;

use super::block::Section;
use crate::shape::{
    BOOLEAN_OR_NULL, INTEGER_OR_NULL, Object, Shape, TEXT_OR_NULL, TEXT_OR_TEXTS, TEXT_OR_TEXTS_OR_NULL,
    TEXTS,
};
use crate::yaml::Node;

type Fields = &'static [(&'static str, Shape)];

const fn open(required: &'static [&'static str], fields: Fields) -> Object {
    Object { base: None, required, fields, open: true }
}

const fn closed(required: &'static [&'static str], fields: Fields) -> Object {
    Object { base: None, required, fields, open: false }
}

/// A form with more keys than another one, open as that one.
const fn more(base: &'static Object, required: &'static [&'static str], fields: Fields) -> Object {
    Object { base: Some(base), required, fields, open: base.open }
}

/// What a block of a section must look like.
pub fn form(section: Section, block: &Node) -> Shape {
    Shape::Object(match section {
        Section::Sources if block.entry("overrides").is_some() => &SOURCE_PATCH,
        Section::Models => &MODEL,
        Section::Seeds | Section::Snapshots => &NODE,
        Section::Analyses => &ANALYSIS,
        Section::DataTests | Section::Tests => &DESCRIBED,
        Section::Macros => &MACRO,
        Section::Functions => &FUNCTION,
        Section::Sources => &SOURCE,
        Section::Exposures => &EXPOSURE,
        Section::Groups => &GROUP,
        Section::UnitTests => &UNIT_TEST,
        Section::Metrics => &semantic::METRIC,
        Section::SemanticModels => &semantic::SEMANTIC_MODEL,
        Section::SavedQueries => &semantic::SAVED_QUERY,
    })
}

/// How a resource shows on the documentation site.
pub const DOCS: Shape =
    Shape::Object(&closed(&[], &[("show", Shape::Boolean), ("node_color", TEXT_OR_NULL)]));

const MAPPING_OR_NULL: Shape = Shape::Either(&[Shape::Mapping, Shape::Null]);
const TEXTS_OR_NULL: Shape = Shape::Either(&[TEXTS, Shape::Null]);
const MAPPINGS: Shape = Shape::List(&Shape::Mapping);
const TESTS: Shape = Shape::List(&Shape::Either(&[Shape::Mapping, Shape::Text]));
const TESTS_OR_NULL: Shape = Shape::Either(&[TESTS, Shape::Null]);
const VERSION_NAME: Shape = Shape::Either(&[Shape::Text, Shape::Number]);
const VERSION_NAMES_OR_NULL: Shape = Shape::Either(&[Shape::List(&VERSION_NAME), Shape::Null]);

/// What has a name and a description.
const DESCRIBED: Object = open(
    &["name"],
    &[
        ("name", Shape::Text),
        ("description", Shape::Text),
        ("meta", Shape::Mapping),
        ("data_type", TEXT_OR_NULL),
        ("constraints", MAPPINGS),
        ("docs", DOCS),
        ("config", Shape::Mapping),
    ],
);

/// What has data tests beside.
const TESTED: Object = more(&DESCRIBED, &[], &[("data_tests", TESTS), ("tests", TESTS)]);

const COLUMN: Object = more(
    &TESTED,
    &[],
    &[
        ("quote", BOOLEAN_OR_NULL),
        ("tags", TEXTS),
        ("granularity", TEXT_OR_NULL),
        ("config", Shape::Object(&open(&[], &[("tags", TEXT_OR_TEXTS)]))),
    ],
);
const COLUMNS: Shape = Shape::List(&Shape::Object(&COLUMN));

const NODE: Object =
    more(&TESTED, &[], &[("columns", COLUMNS), ("quote_columns", BOOLEAN_OR_NULL), ("access", TEXT_OR_NULL)]);

const MODEL: Object = more(
    &NODE,
    &[],
    &[
        ("latest_version", Shape::Either(&[Shape::Text, Shape::Number, Shape::Null])),
        ("versions", Shape::List(&Shape::Object(&VERSION))),
        ("time_spine", Shape::Either(&[Shape::Object(&TIME_SPINE), Shape::Null])),
    ],
);

const VERSION: Object = closed(
    &["v"],
    &[
        ("v", VERSION_NAME),
        ("defined_in", TEXT_OR_NULL),
        ("description", Shape::Text),
        ("access", TEXT_OR_NULL),
        ("config", Shape::Mapping),
        ("constraints", MAPPINGS),
        ("docs", DOCS),
        ("data_tests", TESTS_OR_NULL),
        ("tests", TESTS_OR_NULL),
        ("columns", Shape::List(&Shape::Either(&[Shape::Object(&CHOICE), Shape::Object(&COLUMN)]))),
        ("deprecation_date", Shape::Any),
    ],
);

/// Which of the model's columns a version has.
const CHOICE: Object = closed(&["include"], &[("include", TEXT_OR_TEXTS), ("exclude", TEXTS)]);

const TIME_SPINE: Object = closed(
    &["standard_granularity_column"],
    &[
        ("standard_granularity_column", Shape::Text),
        (
            "custom_granularities",
            Shape::List(&Shape::Object(&closed(
                &["name"],
                &[("name", Shape::Text), ("column_name", TEXT_OR_NULL)],
            ))),
        ),
    ],
);

const ANALYSIS: Object =
    more(&DESCRIBED, &[], &[("columns", Shape::List(&Shape::Object(&DESCRIBED))), ("access", TEXT_OR_NULL)]);

const MACRO: Object = more(
    &DESCRIBED,
    &[],
    &[
        (
            "config",
            Shape::Object(&open(
                &[],
                &[("meta", MAPPING_OR_NULL), ("docs", Shape::Either(&[DOCS, Shape::Null]))],
            )),
        ),
        (
            "arguments",
            Shape::List(&Shape::Object(&closed(
                &["name"],
                &[("name", Shape::Text), ("type", TEXT_OR_NULL), ("description", Shape::Text)],
            ))),
        ),
    ],
);

const FUNCTION: Object = more(
    &DESCRIBED,
    &["returns"],
    &[
        (
            "returns",
            Shape::Object(&closed(
                &["data_type"],
                &[("data_type", Shape::Text), ("description", TEXT_OR_NULL)],
            )),
        ),
        ("access", TEXT_OR_NULL),
        (
            "arguments",
            Shape::List(&Shape::Object(&closed(
                &["name", "data_type"],
                &[
                    ("name", Shape::Text),
                    ("data_type", Shape::Text),
                    ("description", TEXT_OR_NULL),
                    ("default_value", Shape::Any),
                ],
            ))),
        ),
    ],
);

const QUOTING: Shape = Shape::Object(&closed(
    &[],
    &[
        ("database", BOOLEAN_OR_NULL),
        ("schema", BOOLEAN_OR_NULL),
        ("identifier", BOOLEAN_OR_NULL),
        ("column", BOOLEAN_OR_NULL),
    ],
));

const AGE: Shape = Shape::Either(&[
    Shape::Object(&closed(
        &[],
        &[
            ("count", INTEGER_OR_NULL),
            ("period", Shape::Either(&[Shape::OneOf(&["minute", "hour", "day"]), Shape::Null])),
        ],
    )),
    Shape::Null,
]);

const FRESHNESS: Shape = Shape::Either(&[
    Shape::Object(&closed(&[], &[("warn_after", AGE), ("error_after", AGE), ("filter", TEXT_OR_NULL)])),
    Shape::Null,
]);

const SOURCE: Object = closed(
    &["name"],
    &[
        ("name", Shape::Text),
        ("description", Shape::Text),
        ("meta", Shape::Mapping),
        ("database", TEXT_OR_NULL),
        ("schema", TEXT_OR_NULL),
        ("loader", Shape::Text),
        ("quoting", QUOTING),
        ("freshness", FRESHNESS),
        ("loaded_at_field", TEXT_OR_NULL),
        ("loaded_at_field_present", BOOLEAN_OR_NULL),
        ("loaded_at_query", TEXT_OR_NULL),
        ("tables", Shape::List(&Shape::Object(&TABLE))),
        ("tags", TEXTS),
        ("config", Shape::Object(&open(&[], &[("meta", Shape::Mapping)]))),
        ("unrendered_database", TEXT_OR_NULL),
        ("unrendered_schema", TEXT_OR_NULL),
    ],
);

const TABLE: Object = more(
    &TESTED,
    &[],
    &[
        ("columns", COLUMNS),
        ("loaded_at_field", TEXT_OR_NULL),
        ("loaded_at_field_present", BOOLEAN_OR_NULL),
        ("loaded_at_query", TEXT_OR_NULL),
        ("identifier", TEXT_OR_NULL),
        ("quoting", QUOTING),
        ("freshness", FRESHNESS),
        ("external", Shape::Either(&[Shape::Object(&EXTERNAL), Shape::Null])),
        ("tags", TEXTS),
    ],
);

/// What a project says of a package's source (<https://docs.getdbt.com/reference/resource-properties/overrides>).
const SOURCE_PATCH: Object = closed(
    &["name", "overrides"],
    &[
        ("name", Shape::Text),
        ("overrides", Shape::Text),
        ("path", Shape::Text),
        ("config", Shape::Mapping),
        ("description", TEXT_OR_NULL),
        ("meta", MAPPING_OR_NULL),
        ("database", TEXT_OR_NULL),
        ("schema", TEXT_OR_NULL),
        ("loader", TEXT_OR_NULL),
        ("quoting", Shape::Either(&[QUOTING, Shape::Null])),
        ("freshness", FRESHNESS),
        ("loaded_at_field", TEXT_OR_NULL),
        ("loaded_at_field_present", BOOLEAN_OR_NULL),
        ("loaded_at_query", TEXT_OR_NULL),
        ("tables", Shape::Either(&[Shape::List(&Shape::Object(&TABLE_PATCH)), Shape::Null])),
        ("tags", TEXTS_OR_NULL),
    ],
);

const TABLE_PATCH: Object = closed(
    &["name"],
    &[
        ("name", Shape::Text),
        ("description", TEXT_OR_NULL),
        ("meta", MAPPING_OR_NULL),
        ("data_type", TEXT_OR_NULL),
        ("docs", Shape::Either(&[DOCS, Shape::Null])),
        ("loaded_at_field", TEXT_OR_NULL),
        ("loaded_at_field_present", BOOLEAN_OR_NULL),
        ("loaded_at_query", TEXT_OR_NULL),
        ("identifier", TEXT_OR_NULL),
        ("quoting", QUOTING),
        ("freshness", FRESHNESS),
        ("external", Shape::Either(&[Shape::Object(&EXTERNAL), Shape::Null])),
        ("tags", TEXTS_OR_NULL),
        ("data_tests", TESTS_OR_NULL),
        ("tests", TESTS_OR_NULL),
        ("columns", Shape::Either(&[COLUMNS, Shape::Null])),
    ],
);

const EXTERNAL: Object = open(
    &[],
    &[
        ("location", TEXT_OR_NULL),
        ("file_format", TEXT_OR_NULL),
        ("row_format", TEXT_OR_NULL),
        ("tbl_properties", TEXT_OR_NULL),
        (
            "partitions",
            Shape::Either(&[
                TEXTS,
                Shape::List(&Shape::Object(&open(
                    &[],
                    &[
                        ("name", Shape::Text),
                        ("description", Shape::Text),
                        ("data_type", Shape::Text),
                        ("meta", Shape::Mapping),
                    ],
                ))),
                Shape::Null,
            ]),
        ),
    ],
);

const OWNER: Shape = Shape::Object(&open(&[], &[("email", TEXT_OR_TEXTS_OR_NULL), ("name", TEXT_OR_NULL)]));

const EXPOSURE: Object = closed(
    &["name", "type", "owner"],
    &[
        ("name", Shape::Text),
        ("type", Shape::OneOf(&["dashboard", "notebook", "analysis", "ml", "application"])),
        ("owner", OWNER),
        ("description", Shape::Text),
        ("label", TEXT_OR_NULL),
        ("maturity", Shape::Either(&[Shape::OneOf(&["low", "medium", "high"]), Shape::Null])),
        ("meta", Shape::Mapping),
        ("tags", TEXTS),
        ("url", TEXT_OR_NULL),
        ("depends_on", TEXTS),
        ("config", Shape::Mapping),
    ],
);

const GROUP: Object = closed(
    &["name", "owner"],
    &[("name", Shape::Text), ("owner", OWNER), ("description", TEXT_OR_NULL), ("config", Shape::Mapping)],
);

const ROWS: Shape = Shape::Either(&[Shape::Text, MAPPINGS, Shape::Null]);
const ROW_FORMAT: Shape = Shape::OneOf(&["csv", "dict", "sql"]);

const UNIT_TEST: Object = closed(
    &["name", "model", "given", "expect"],
    &[
        ("name", Shape::Text),
        ("model", Shape::Text),
        (
            "given",
            Shape::List(&Shape::Object(&closed(
                &["input"],
                &[("input", Shape::Text), ("rows", ROWS), ("format", ROW_FORMAT), ("fixture", TEXT_OR_NULL)],
            ))),
        ),
        (
            "expect",
            Shape::Object(&closed(&[], &[("rows", ROWS), ("format", ROW_FORMAT), ("fixture", TEXT_OR_NULL)])),
        ),
        ("description", Shape::Text),
        (
            "overrides",
            Shape::Either(&[
                Shape::Object(&closed(
                    &[],
                    &[("macros", Shape::Mapping), ("vars", Shape::Mapping), ("env_vars", Shape::Mapping)],
                )),
                Shape::Null,
            ]),
        ),
        ("config", Shape::Mapping),
        (
            "versions",
            Shape::Either(&[
                Shape::Object(&closed(
                    &[],
                    &[("include", VERSION_NAMES_OR_NULL), ("exclude", VERSION_NAMES_OR_NULL)],
                )),
                Shape::Null,
            ]),
        ),
    ],
);
