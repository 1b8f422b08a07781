//! The ledger of loads as a source of freshness.

use crate::shop::Shop;
use platform_core::{Executor, Status, UniqueId};
use tests_runner::Gauge;

const SOURCES: &str = "
sources:
  - name: raw
    schema: shop
    config:
      freshness: {warn_after: {count: 1, period: hour}, error_after: {count: 1, period: day}}
    tables:
      - name: fresh
        config: {meta: {drop: {pattern: a.csv}}}
      - name: stale
        config: {meta: {drop: {pattern: a.csv}}}
      - name: never
        config: {meta: {drop: {pattern: a.csv}}}
      - name: no_drop
";

#[test]
fn a_drop_is_as_fresh_as_its_last_load() {
    let shop = Shop::new(&[("models/sources.yml", SOURCES)]);
    shop.migrate();
    for (table, age, state) in
        [("fresh", "1 minute", "loaded"), ("stale", "2 hours", "loaded"), ("stale", "1 minute", "failed")]
    {
        shop.sql(&format!(
            "insert into platform.loads (source, relation, file, size, state, rows_physical, rows_loaded, \
             rows_quarantined, rows_blank, finished_at) values \
             ('source.shop.raw.{table}', 'shop.{table}', 'a.csv', 1, '{state}', 0, 0, 0, 0, now() - interval '{age}')"
        ));
    }
    let (runtime, slots) = shop.engine();
    let (gauge, context) = (Gauge::new(runtime, slots), shop.context());
    let status = |table: &str| {
        let id = UniqueId::from(format!("source.shop.raw.{table}").as_str());
        gauge.execute(&id, 0, &context).status
    };
    assert_eq!(status("fresh"), Status::Pass);
    assert_eq!(status("stale"), Status::Warn);
    assert_eq!(status("never"), Status::Error);
    assert_eq!(status("no_drop"), Status::RuntimeError);
}
