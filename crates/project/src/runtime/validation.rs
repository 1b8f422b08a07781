//! `validation.any(…)`: checks of configured values, for `config.get` and `config.require`.

use crate::context::arguments::Function;
use crate::context::raised::{Kind, Raised};
use jinja::Value;

/// `validation`.
pub fn value() -> Value {
    let any = Function::value("any", |_, arguments| {
        let (allowed, _) = arguments.into_parts();
        Ok(Function::value("inner", move |_, arguments| {
            let [given] = arguments.bind(["value"], 1)?;
            let given = given.unwrap_or_default();
            if allowed.iter().any(|one| jinja::value::equal(one, &given)) {
                return Ok(Value::from(()));
            }
            let allowed: Vec<String> = allowed.iter().map(jinja::value::to_str).collect();
            let given = jinja::value::to_str(&given);
            let message = format!("Expected value \"{given}\" to be one of {}", allowed.join(","));
            Err(Raised::error(Kind::Runtime, message))
        }))
    });
    jinja::value::dict([(Value::from("any"), any)])
}
