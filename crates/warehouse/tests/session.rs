//! Sessions against a real server: outcomes, types, transactions, COPY, errors.

use warehouse::{Result, testing};

#[tokio::test]
async fn many_statements_give_the_last_outcome() -> Result<()> {
    let (warehouse, _database) = testing::warehouse().await?;
    let session = warehouse.session().await?;
    let outcome = session
        .run("create table t (a int, b numeric(10,2)); insert into t values (1, 2.50), (2, null); select * from t order by a;")
        .await?;
    assert_eq!(outcome.tag, "SELECT 2");
    let rows = outcome.rows.expect("rows");
    let types: Vec<_> =
        rows.columns.iter().map(|c| (c.name.as_str(), c.type_name.as_str(), c.type_modifier)).collect();
    assert_eq!(types, [("a", "int4", -1), ("b", "numeric", (10 << 16) + 2 + 4)]);
    assert_eq!(rows.rows, [[Some("1".to_owned()), Some("2.50".to_owned())], [Some("2".to_owned()), None]]);
    Ok(())
}
