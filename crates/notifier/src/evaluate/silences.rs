//! Silences: what they cover is written down and told to nobody.

use super::Run;
use crate::Result;
use warehouse::get;

/// Sets aside what a silence covers; gives how many.
pub(super) async fn apply(run: &Run<'_>) -> Result<i64> {
    let row = run
        .session
        .query_one(include_str!("../sql/silence_apply.sql"), &[&run.rule.id, &run.now, &run.found_by])
        .await?;
    Ok(get(&row, 0)?)
}
