//! Incidents: what belongs together over days.

use super::Run;
use crate::Result;
use warehouse::get;

/// Closes the incidents of which nothing holds any more.
pub(super) async fn withdraw(run: &Run<'_>) -> Result<()> {
    run.session.execute(include_str!("../sql/incident_withdraw.sql"), &[&run.id, &run.now]).await?;
    Ok(())
}

/// Closes the incidents whose organization had a record without an alert since; gives the names.
pub(super) async fn settle(run: &Run<'_>, incidents: &[i64]) -> Result<Vec<String>> {
    if incidents.is_empty() {
        return Ok(Vec::new());
    }
    let incidents = incidents.to_vec();
    let rows = run.session.query(include_str!("../sql/incident_settle.sql"), &[&incidents, &run.now]).await?;
    rows.iter().map(|row| Ok(get(row, 0)?)).collect()
}
