//! Queries: CTEs, `from`, the select list, set operations.

use super::columns::{Columns, Sources, of_relation};
use super::expression::{self, fold};
use super::{ColumnLineage, Relations};
use sqlparser::ast::{
    FunctionArg, FunctionArgExpr, Join, JoinConstraint, JoinOperator, ObjectName, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, TableAlias, TableFactor, TableWithJoins, Values, With,
};

/// How the CTE begins that stands for an ephemeral model.
pub(super) const EPHEMERAL: &str = "__dbt__cte__";

/// What a query can see: the project's relations, CTEs by name (the last one wins), and what enclosing
/// queries have in `from`.
#[derive(Clone)]
pub(super) struct Surroundings<'a> {
    relations: &'a dyn Relations,
    ctes: Vec<(String, Columns)>,
    outer: Vec<Scope>,
}

impl<'a> Surroundings<'a> {
    pub fn new(relations: &'a dyn Relations) -> Self {
        Self { relations, ctes: Vec::new(), outer: Vec::new() }
    }

    /// For a subquery of a query that has `scope` in `from`.
    pub fn inside(&self, scope: &Scope) -> Self {
        let mut inner = self.clone();
        inner.outer.push(scope.clone());
        inner
    }

    /// What a column name means in `scope`, else in the enclosing queries from the nearest on. What Postgres
    /// would refuse then may be a column before it in the select list: the SQL of other databases has that.
    pub fn look_up(&self, scope: &Scope, name: &[String]) -> Sources {
        let mut scopes = std::iter::once(scope).chain(self.outer.iter().rev());
        let found = scopes.find_map(|scope| scope.get(name));
        found.or_else(|| scope.selected(name)).unwrap_or_else(Sources::unknown)
    }
}

/// What stands in `from`, under the names it has there.
#[derive(Clone, Default)]
pub(super) struct Scope {
    items: Vec<Item>,
    /// Columns that a `using` made one.
    merged: Vec<String>,
    /// Columns of the select list so far.
    selected: Vec<ColumnLineage>,
}

#[derive(Clone)]
struct Item {
    name: Option<String>,
    columns: Columns,
}

impl Scope {
    fn get(&self, name: &[String]) -> Option<Sources> {
        match name {
            [column] => self.unqualified(column),
            [.., item, column] => {
                let found = self.items.iter().find(|it| it.name.as_deref() == Some(item));
                match found {
                    Some(found) => Some(found.columns.get(column).unwrap_or_else(Sources::unknown)),
                    // `column.field` of a composite column.
                    None => self.unqualified(item),
                }
            }
            [] => None,
        }
    }

    fn selected(&self, name: &[String]) -> Option<Sources> {
        let [name] = name else { return None };
        self.selected.iter().find(|column| column.name == *name).map(|column| column.sources.clone())
    }

    fn unqualified(&self, column: &str) -> Option<Sources> {
        let known: Vec<Sources> = self
            .items
            .iter()
            .filter(|item| item.columns.is_known())
            .filter_map(|item| item.columns.get(column))
            .collect();
        if known.is_empty() {
            let mut open = self.items.iter().filter(|item| !item.columns.is_known());
            return match (open.next(), open.next()) {
                (Some(item), None) => item.columns.get(column),
                (Some(_), Some(_)) => Some(Sources::unknown()),
                (None, _) => {
                    self.items.iter().find(|it| it.name.as_deref() == Some(column)).map(|it| it.columns.all())
                }
            };
        }
        let mut all = Sources::default();
        known.iter().for_each(|sources| all.add(sources));
        Some(all)
    }

    /// `*`: merged columns first and once, then each item's own, as Postgres orders them.
    fn star(&self) -> Columns {
        if let ([item], []) = (self.items.as_slice(), self.merged.as_slice()) {
            return item.columns.clone();
        }
        let mut columns: Vec<ColumnLineage> = Vec::new();
        for name in &self.merged {
            let sources = self.unqualified(name).unwrap_or_else(Sources::unknown);
            columns.push(ColumnLineage { name: name.clone(), sources });
        }
        for item in &self.items {
            let Columns::Known(own) = &item.columns else { return Columns::Unknown };
            columns.extend(own.iter().filter(|column| !self.merged.contains(&column.name)).cloned());
        }
        Columns::Known(columns)
    }

    fn star_of(&self, name: &str) -> Columns {
        let found = self.items.iter().find(|item| item.name.as_deref() == Some(name));
        found.map_or(Columns::Unknown, |item| item.columns.clone())
    }
}

/// The columns of a query.
pub(super) fn resolve(query: &Query, around: &Surroundings<'_>) -> Columns {
    let mut around = around.clone();
    if let Some(with) = &query.with {
        add_ctes(with, &mut around);
    }
    body(&query.body, &around)
}

fn add_ctes(with: &With, around: &mut Surroundings<'_>) {
    for cte in &with.cte_tables {
        let name = fold(&cte.alias.name);
        let names = alias_columns(&cte.alias);
        // The first term of a recursive CTE says where the values of the others begin.
        if let (true, SetExpr::SetOperation { left, .. }) = (with.recursive, cte.query.body.as_ref()) {
            let mut inner = around.clone();
            if let Some(with) = &cte.query.with {
                add_ctes(with, &mut inner);
            }
            let start = body(left, &inner).renamed(&names);
            around.ctes.push((name.clone(), start));
        }
        let columns = resolve(&cte.query, around).renamed(&names);
        around.ctes.push((name.clone(), as_ephemeral(&name, columns, around)));
    }
}

/// The CTE of an ephemeral model is that model: its columns are its own, and its page says where they come from.
fn as_ephemeral(name: &str, columns: Columns, around: &Surroundings<'_>) -> Columns {
    let id = name.strip_prefix(EPHEMERAL).and_then(|_| around.relations.find("", name));
    match (id, columns) {
        (Some(id), Columns::Known(columns)) => {
            Columns::Known(of_relation(&id, columns.into_iter().map(|column| column.name).collect()))
        }
        (_, columns) => columns,
    }
}

fn body(body: &SetExpr, around: &Surroundings<'_>) -> Columns {
    match body {
        SetExpr::Select(select) => select_columns(select, around),
        SetExpr::Query(query) => resolve(query, around),
        SetExpr::SetOperation { left, right, .. } => {
            self::body(left, around).united(self::body(right, around))
        }
        SetExpr::Values(values) => values_columns(values, around),
        SetExpr::Table(table) => {
            let schema = table.schema_name.clone().unwrap_or_default();
            table.table_name.as_ref().map_or(Columns::Unknown, |name| named(&[schema, name.clone()], around))
        }
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => Columns::Unknown,
    }
}

fn values_columns(values: &Values, around: &Surroundings<'_>) -> Columns {
    let scope = Scope::default();
    let mut rows = values.rows.iter().map(|row| {
        let cells = row.content.iter().enumerate();
        Columns::Known(
            cells
                .map(|(at, cell)| ColumnLineage {
                    name: format!("column{}", at + 1),
                    sources: expression::sources(cell, &scope, around),
                })
                .collect(),
        )
    });
    let first = rows.next().unwrap_or(Columns::Unknown);
    rows.fold(first, Columns::united)
}

fn select_columns(select: &Select, around: &Surroundings<'_>) -> Columns {
    let mut scope = Scope::default();
    for table in &select.from {
        add_table(table, &mut scope, around);
    }
    for item in &select.projection {
        match projected(item, &scope, around) {
            Columns::Known(more) => scope.selected.extend(more),
            whole @ Columns::Whole(_) if select.projection.len() == 1 => return whole,
            Columns::Whole(_) | Columns::Unknown => return Columns::Unknown,
        }
    }
    Columns::Known(scope.selected)
}

fn projected(item: &SelectItem, scope: &Scope, around: &Surroundings<'_>) -> Columns {
    let one = |name: String, sources: Sources| Columns::Known(vec![ColumnLineage { name, sources }]);
    match item {
        SelectItem::UnnamedExpr(value) => {
            one(expression::name(value), expression::sources(value, scope, around))
        }
        SelectItem::ExprWithAlias { expr, alias } => {
            one(fold(alias), expression::sources(expr, scope, around))
        }
        SelectItem::Wildcard(_) => scope.star(),
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
            parts(name).last().map_or(Columns::Unknown, |name| scope.star_of(name))
        }
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), _)
        | SelectItem::ExprWithAliases { .. } => Columns::Unknown,
    }
}

fn add_table(table: &TableWithJoins, scope: &mut Scope, around: &Surroundings<'_>) {
    add_factor(&table.relation, scope, around);
    for join in &table.joins {
        let before = scope.items.len();
        add_factor(&join.relation, scope, around);
        let merged = match constraint(join) {
            Some(JoinConstraint::Using(names)) => names.iter().filter_map(|name| parts(name).pop()).collect(),
            Some(JoinConstraint::Natural) => shared(&scope.items, before),
            _ => Vec::new(),
        };
        for name in merged {
            if !scope.merged.contains(&name) {
                scope.merged.push(name);
            }
        }
    }
}

fn shared(items: &[Item], before: usize) -> Vec<String> {
    let names = |items: &[Item]| -> Vec<String> {
        items
            .iter()
            .flat_map(|item| match &item.columns {
                Columns::Known(columns) => columns.iter().map(|column| column.name.clone()).collect(),
                _ => Vec::new(),
            })
            .collect()
    };
    let right = names(&items[before..]);
    names(&items[..before]).into_iter().filter(|name| right.contains(name)).collect()
}

fn constraint(join: &Join) -> Option<&JoinConstraint> {
    match &join.join_operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint) => Some(constraint),
        _ => None,
    }
}

fn add_factor(factor: &TableFactor, scope: &mut Scope, around: &Surroundings<'_>) {
    let item = |alias: &Option<TableAlias>, fallback: Option<String>, columns: Columns| Item {
        name: alias.as_ref().map(|alias| fold(&alias.name)).or(fallback),
        columns: columns.renamed(&alias.as_ref().map(alias_columns).unwrap_or_default()),
    };
    let made = match factor {
        TableFactor::Table { name, alias, args: None, .. } => {
            let parts = parts(name);
            item(alias, parts.last().cloned(), named(&parts, around))
        }
        TableFactor::Table { name, alias, args: Some(args), with_ordinality, .. } => {
            let sources = arguments(&args.args, scope, around);
            function_item(parts(name).pop(), alias.as_ref(), sources, *with_ordinality)
        }
        TableFactor::Function { name, args, alias, with_ordinality, .. } => {
            let sources = arguments(args, scope, around);
            function_item(parts(name).pop(), alias.as_ref(), sources, *with_ordinality)
        }
        TableFactor::UNNEST { alias, array_exprs, with_ordinality, .. } => {
            let mut sources = Sources::default();
            array_exprs.iter().for_each(|array| sources.add(&expression::sources(array, scope, around)));
            function_item(Some("unnest".to_owned()), alias.as_ref(), sources, *with_ordinality)
        }
        TableFactor::Derived { subquery, alias, .. } => {
            item(alias, None, resolve(subquery, &around.inside(scope)))
        }
        TableFactor::NestedJoin { table_with_joins, alias } => {
            let mut inner = Scope::default();
            add_table(table_with_joins, &mut inner, &around.inside(scope));
            if alias.is_none() {
                scope.items.extend(inner.items);
                scope.merged.extend(inner.merged);
                return;
            }
            item(alias, None, inner.star())
        }
        _ => Item { name: None, columns: Columns::Unknown },
    };
    scope.items.push(made);
}

/// A function in `from`: the columns that its alias names, or one of the function's name.
fn function_item(
    name: Option<String>,
    alias: Option<&TableAlias>,
    sources: Sources,
    ordinality: bool,
) -> Item {
    let item_name = alias.map(|alias| fold(&alias.name)).or_else(|| name.clone());
    let mut names = alias.map(alias_columns).unwrap_or_default();
    // What a function's rows look like is the database's to know, unless its alias says so or it is a plain value.
    let plain = matches!(
        name.as_deref(),
        Some("unnest" | "generate_series" | "regexp_split_to_table" | "string_to_table")
    );
    if names.is_empty() && !plain {
        return Item { name: item_name, columns: Columns::Unknown };
    }
    if names.is_empty() {
        names.extend(item_name.clone());
    }
    if ordinality && names.len() == 1 {
        names.push("ordinality".to_owned());
    }
    let columns = names.into_iter().map(|name| ColumnLineage { name, sources: sources.clone() }).collect();
    Item { name: item_name, columns: Columns::Known(columns) }
}

fn arguments(arguments: &[FunctionArg], scope: &Scope, around: &Surroundings<'_>) -> Sources {
    let mut all = Sources::default();
    for argument in arguments {
        let (FunctionArg::Unnamed(value)
        | FunctionArg::Named { arg: value, .. }
        | FunctionArg::ExprNamed { arg: value, .. }) = argument;
        if let FunctionArgExpr::Expr(value) = value {
            all.add(&expression::sources(value, scope, around));
        }
    }
    all
}

/// A name in `from`: a CTE if it has no schema and there is one, else a relation.
fn named(parts: &[String], around: &Surroundings<'_>) -> Columns {
    let (identifier, schema) = match parts {
        [identifier] => (identifier, ""),
        [.., schema, identifier] => (identifier, schema.as_str()),
        [] => return Columns::Unknown,
    };
    let cte = around.ctes.iter().rev().find(|(name, _)| schema.is_empty() && name == identifier);
    if let Some((_, columns)) = cte {
        return columns.clone();
    }
    let Some(id) = around.relations.find(schema, identifier) else { return Columns::Unknown };
    match around.relations.columns(&id) {
        Some(names) => Columns::Known(of_relation(&id, names)),
        None => Columns::Whole(id),
    }
}

fn parts(name: &ObjectName) -> Vec<String> {
    name.0.iter().filter_map(|part| part.as_ident()).map(fold).collect()
}

fn alias_columns(alias: &TableAlias) -> Vec<String> {
    alias.columns.iter().map(|column| fold(&column.name)).collect::<Vec<String>>()
}
