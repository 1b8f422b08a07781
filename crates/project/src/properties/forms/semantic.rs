//! The form of metrics, semantic models and saved queries (<https://docs.getdbt.com/docs/build/semantic-models>).

use super::closed;
use crate::shape::{
    INTEGER_OR_NULL, Object, Shape, TEXT_OR_NULL, TEXT_OR_TEXTS, TEXT_OR_TEXTS_OR_NULL, TEXTS,
};

const INPUT_MEASURE: Shape = Shape::Object(&closed(
    &["name"],
    &[
        ("name", Shape::Text),
        ("filter", TEXT_OR_TEXTS_OR_NULL),
        ("alias", TEXT_OR_NULL),
        ("join_to_timespine", Shape::Boolean),
        ("fill_nulls_with", INTEGER_OR_NULL),
    ],
));

const INPUT_METRIC: Shape = Shape::Object(&closed(
    &["name"],
    &[
        ("name", Shape::Text),
        ("filter", TEXT_OR_TEXTS_OR_NULL),
        ("alias", TEXT_OR_NULL),
        ("offset_window", TEXT_OR_NULL),
        ("offset_to_grain", TEXT_OR_NULL),
    ],
));

pub const METRIC: Object = closed(
    &["name", "label", "type", "type_params"],
    &[
        ("name", Shape::Text),
        ("label", Shape::Text),
        ("type", Shape::Text),
        ("type_params", Shape::Object(&METRIC_PARAMETERS)),
        ("description", Shape::Text),
        ("filter", TEXT_OR_TEXTS_OR_NULL),
        ("time_granularity", TEXT_OR_NULL),
        ("meta", Shape::Mapping),
        ("tags", TEXTS),
        ("config", Shape::Mapping),
    ],
);

const METRIC_PARAMETERS: Object = closed(
    &[],
    &[
        ("measure", Shape::Either(&[INPUT_MEASURE, Shape::Text, Shape::Null])),
        ("numerator", Shape::Either(&[INPUT_METRIC, Shape::Text, Shape::Null])),
        ("denominator", Shape::Either(&[INPUT_METRIC, Shape::Text, Shape::Null])),
        ("expr", Shape::Either(&[Shape::Text, Shape::Boolean, Shape::Null])),
        ("window", TEXT_OR_NULL),
        ("grain_to_date", TEXT_OR_NULL),
        ("metrics", Shape::Either(&[Shape::List(&Shape::Either(&[INPUT_METRIC, Shape::Text])), Shape::Null])),
        ("conversion_type_params", Shape::Either(&[Shape::Object(&CONVERSION), Shape::Null])),
        (
            "cumulative_type_params",
            Shape::Either(&[
                Shape::Object(&closed(
                    &[],
                    &[("window", TEXT_OR_NULL), ("grain_to_date", TEXT_OR_NULL), ("period_agg", Shape::Text)],
                )),
                Shape::Null,
            ]),
        ),
    ],
);

const CONVERSION: Object = closed(
    &["base_measure", "conversion_measure", "entity"],
    &[
        ("base_measure", Shape::Either(&[INPUT_MEASURE, Shape::Text])),
        ("conversion_measure", Shape::Either(&[INPUT_MEASURE, Shape::Text])),
        ("entity", Shape::Text),
        ("calculation", Shape::Text),
        ("window", TEXT_OR_NULL),
        (
            "constant_properties",
            Shape::Either(&[
                Shape::List(&Shape::Object(&closed(
                    &["base_property", "conversion_property"],
                    &[("base_property", Shape::Text), ("conversion_property", Shape::Text)],
                ))),
                Shape::Null,
            ]),
        ),
    ],
);

pub const SEMANTIC_MODEL: Object = closed(
    &["name", "model"],
    &[
        ("name", Shape::Text),
        ("model", Shape::Text),
        ("config", Shape::Mapping),
        ("description", TEXT_OR_NULL),
        ("label", TEXT_OR_NULL),
        (
            "defaults",
            Shape::Either(&[
                Shape::Object(&closed(&[], &[("agg_time_dimension", TEXT_OR_NULL)])),
                Shape::Null,
            ]),
        ),
        ("entities", Shape::List(&Shape::Object(&ENTITY))),
        ("measures", Shape::List(&Shape::Object(&MEASURE))),
        ("dimensions", Shape::List(&Shape::Object(&DIMENSION))),
        ("primary_entity", TEXT_OR_NULL),
    ],
);

const ENTITY: Object = closed(
    &["name", "type"],
    &[
        ("name", Shape::Text),
        ("type", Shape::Text),
        ("description", TEXT_OR_NULL),
        ("label", TEXT_OR_NULL),
        ("role", TEXT_OR_NULL),
        ("expr", TEXT_OR_NULL),
        ("config", Shape::Mapping),
    ],
);

const MEASURE: Object = closed(
    &["name", "agg"],
    &[
        ("name", Shape::Text),
        ("agg", Shape::Text),
        ("description", TEXT_OR_NULL),
        ("label", TEXT_OR_NULL),
        ("expr", Shape::Either(&[Shape::Text, Shape::Boolean, Shape::Integer, Shape::Null])),
        (
            "agg_params",
            Shape::Either(&[
                Shape::Object(&closed(
                    &[],
                    &[
                        ("percentile", Shape::Either(&[Shape::Number, Shape::Null])),
                        ("use_discrete_percentile", Shape::Boolean),
                        ("use_approximate_percentile", Shape::Boolean),
                    ],
                )),
                Shape::Null,
            ]),
        ),
        (
            "non_additive_dimension",
            Shape::Either(&[
                Shape::Object(&closed(
                    &["name", "window_choice"],
                    &[("name", Shape::Text), ("window_choice", Shape::Text), ("window_groupings", TEXTS)],
                )),
                Shape::Null,
            ]),
        ),
        ("agg_time_dimension", TEXT_OR_NULL),
        ("create_metric", Shape::Boolean),
        ("config", Shape::Mapping),
    ],
);

const DIMENSION: Object = closed(
    &["name", "type"],
    &[
        ("name", Shape::Text),
        ("type", Shape::Text),
        ("description", TEXT_OR_NULL),
        ("label", TEXT_OR_NULL),
        ("is_partition", Shape::Boolean),
        (
            "type_params",
            Shape::Either(&[
                Shape::Object(&closed(
                    &["time_granularity"],
                    &[
                        ("time_granularity", Shape::Text),
                        (
                            "validity_params",
                            Shape::Either(&[
                                Shape::Object(&closed(
                                    &[],
                                    &[("is_start", Shape::Boolean), ("is_end", Shape::Boolean)],
                                )),
                                Shape::Null,
                            ]),
                        ),
                    ],
                )),
                Shape::Null,
            ]),
        ),
        ("expr", TEXT_OR_NULL),
        ("config", Shape::Mapping),
    ],
);

pub const SAVED_QUERY: Object = closed(
    &["name", "query_params"],
    &[
        ("name", Shape::Text),
        (
            "query_params",
            Shape::Object(&closed(
                &[],
                &[
                    ("metrics", TEXTS),
                    ("group_by", TEXTS),
                    ("where", TEXT_OR_TEXTS_OR_NULL),
                    ("order_by", TEXTS),
                    ("limit", INTEGER_OR_NULL),
                ],
            )),
        ),
        ("description", TEXT_OR_NULL),
        ("label", TEXT_OR_NULL),
        (
            "exports",
            Shape::List(&Shape::Object(&closed(
                &["name"],
                &[("name", Shape::Text), ("config", Shape::Mapping)],
            ))),
        ),
        ("config", Shape::Mapping),
        ("tags", TEXT_OR_TEXTS),
    ],
);
