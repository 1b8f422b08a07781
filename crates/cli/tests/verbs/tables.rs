//! Query results in templates: agate's methods, with the answers that dbt Core gives for the same rows.

use crate::scene::Scene;

const MACROS: &str = "
{% macro sales() %}{{ return(run_query(\"select * from (values (1, 'a', 1.5, true), (2, 'b', null, false),
   (3, 'a', 2.25, true), (null, null, 10, null)) as sales(id, k, n, b)\")) }}{% endmacro %}
{% macro words() %}{{ return(run_query(\"select * from (values (1, 'one'), (3, 'three'), (5, 'five')) as words(id, w)\")) }}{% endmacro %}
{% macro twice(row) %}{{ return((row.id or 0) * 2) }}{% endmacro %}
{% macro told(name, table) %}
    {%- set types = table.column_types | map('string') | join(' ') | replace('<agate.', '') | replace(' object>', '') -%}
    {%- do print(name ~ ': ' ~ table.column_names | join(',') ~ ' (' ~ types ~ ')') -%}
    {%- for row in table.rows %}{% do print('  ' ~ row.values() | string) %}{% endfor -%}
{% endmacro %}
{% macro all() %}
    {%- set t, u = sales(), words() -%}
    {%- do told('join', t.join(u, 'id', inner=true)) -%}
    {%- do told('outer', t.select(['id', 'k']).join(u, 'id', full_outer=true)) -%}
    {%- do told('pivot', t.pivot('k', 'b')) -%}
    {%- do print(t.pivot('k').rows['a']['Count'] ~ ' ' ~ t.pivot('k').row_names) -%}
    {%- do told('normalize', t.limit(2).normalize('id', ['n', 'k'])) -%}
    {%- do told('denormalize', t.denormalize('k', 'b', 'n')) -%}
    {%- do told('homogenize', t.select(['id', 'k']).homogenize('k', [['a'], ['z']])) -%}
    {%- do told('merge', t.select(['id']).merge([t.select(['id']).limit(1), u])) -%}
    {%- do told('grouped', t.group_by('k').select(['id']).limit(1).merge()) -%}
    {%- do told('ordered', t.select(['id']).order_by(twice).limit(0, 4, 2)) -%}
    {%- do print(u) -%}
{% endmacro %}";

#[tokio::test]
async fn tables_are_joined_turned_and_merged() {
    let scene = Scene::new(&[("macros/tables.sql", MACROS)]).await;
    let done = scene.good("--quiet run-operation all");
    let expected = "\
join: id,k,n,b,w (Integer Text Number Boolean Text)
  (1, 'a', Decimal('1.5'), True, 'one')
  (3, 'a', Decimal('2.25'), True, 'three')
outer: id,k,id2,w (Integer Text Integer Text)
  (1, 'a', 1, 'one')
  (2, 'b', None, None)
  (3, 'a', 3, 'three')
  (None, None, None, None)
  (None, None, 5, 'five')
pivot: k,True,False,None (Text Number Number Number)
  ('a', Decimal('2'), Decimal('0'), Decimal('0'))
  ('b', Decimal('0'), Decimal('1'), Decimal('0'))
  (None, Decimal('0'), Decimal('0'), Decimal('1'))
2 ('a', 'b', None)
normalize: id,property,value (Integer Text Text)
  (1, 'n', '1.5')
  (1, 'k', 'a')
  (2, 'n', None)
  (2, 'k', 'b')
denormalize: k,True,False,None (Text Number Boolean Number)
  ('a', Decimal('2.25'), False, Decimal('0'))
  ('b', Decimal('0'), None, Decimal('0'))
  (None, Decimal('0'), False, Decimal('10'))
homogenize: id,k (Integer Text)
  (1, 'a')
  (2, 'b')
  (3, 'a')
  (None, None)
  (None, 'z')
merge: id,w (Integer Text)
  (1, None)
  (1, 'one')
  (3, 'three')
  (5, 'five')
grouped: k,id (Text Integer)
  ('a', 1)
  ('b', 2)
  (None, None)
ordered: id (Integer)
  (None,)
  (2,)
| column | data_type |
| ------ | --------- |
| id     | Integer   |
| w      | Text      |
";
    assert_eq!(done.text.trim_end(), expected.trim_end());
}
