//! What makes a table of a table: fewer rows or columns, another order, other names.

use super::Table;
use super::set::TableSet;
use crate::context::arguments::{Arguments, no_method, text, truth};
use jinja::{HostError, State, Value};

impl Table {
    /// The methods that give a table.
    pub(super) fn reshape(
        &self,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Self, HostError> {
        match method {
            "join" => return self.join(state, args),
            "merge" => return Self::merge(args),
            "homogenize" => return self.homogenize(state, args),
            "normalize" => return self.normalize(state, args),
            "denormalize" => return self.denormalize(state, args),
            _ => {}
        }
        let arguments = Arguments::new(method, args)?;
        match method {
            "select" | "exclude" => {
                let [wanted] = arguments.bind(["key"], 1)?;
                let wanted = wanted.unwrap_or_default();
                if method == "select" { self.select(&wanted) } else { self.exclude(&wanted) }
            }
            "rename" => {
                let [wanted] = arguments.bind(["column_names"], 1)?;
                let renamed = self.renamed(&wanted.unwrap_or_default())?;
                let rows = self.rows.iter().map(|row| row.values.clone()).collect();
                Ok(Self::typed(renamed, self.types.clone(), rows))
            }
            "limit" => {
                let [first, second, step] = arguments.bind(["start_or_stop", "stop", "step"], 0)?;
                let step = step.and_then(|step| step.as_usize()).unwrap_or(1).max(1);
                Ok(self.limit(first, second, step))
            }
            "where" => {
                let [test] = arguments.bind(["test"], 1)?;
                self.filter(state, &test.unwrap_or_default())
            }
            "order_by" => {
                let [key, reverse] = arguments.bind(["key", "reverse"], 1)?;
                self.order_by(state, &key.unwrap_or_default(), truth(reverse.as_ref(), false))
            }
            "distinct" => {
                let [key] = arguments.bind(["key"], 0)?;
                self.distinct(state, key.filter(|key| !key.is_none()).as_ref())
            }
            _ => Err(no_method("Table", method)),
        }
    }

    /// Positions of columns: of one name, or of several.
    pub(super) fn positions(&self, wanted: &Value) -> Result<Vec<usize>, HostError> {
        let names: Vec<String> = match wanted.as_str() {
            Some(name) => vec![name.to_owned()],
            None => wanted.try_iter()?.filter_map(|name| text(Some(&name))).collect(),
        };
        let unknown = |name: &str| {
            let known = self.names.join(", ");
            let message = format!("the table has no column `{name}`, but {known}");
            HostError::new(jinja::HostErrorKind::InvalidOperation, message)
        };
        names.iter().map(|name| self.position(name).ok_or_else(|| unknown(name))).collect()
    }

    /// The columns' new names: by a dictionary, or by place from a list or what a filter gives.
    fn renamed(&self, wanted: &Value) -> Result<Vec<String>, HostError> {
        let old = |at: usize| self.names[at].to_string();
        let named = |found: Option<&Value>, at: usize| text(found).unwrap_or_else(|| old(at));
        if wanted.kind() == jinja::ValueKind::Map {
            let by_name = |at: usize| wanted.get_item(&Value::from(&*self.names[at])).ok();
            let found = |at: usize| by_name(at).filter(|it| !it.is_undefined());
            return Ok((0..self.names.len()).map(|at| named(found(at).as_ref(), at)).collect());
        }
        let listed: Vec<Value> = if wanted.is_none() { Vec::new() } else { wanted.try_iter()?.collect() };
        Ok((0..self.names.len()).map(|at| named(listed.get(at), at)).collect())
    }

    fn select(&self, wanted: &Value) -> Result<Self, HostError> {
        Ok(self.with_columns(&self.positions(wanted)?))
    }

    /// What isn't there need not be left out.
    fn exclude(&self, wanted: &Value) -> Result<Self, HostError> {
        let names: Vec<String> = match wanted.as_str() {
            Some(name) => vec![name.to_owned()],
            None => wanted.try_iter()?.filter_map(|name| text(Some(&name))).collect(),
        };
        let kept = |at: &usize| !names.iter().any(|it| **it == *self.names[*at]);
        let keep: Vec<usize> = (0..self.names.len()).filter(kept).collect();
        Ok(self.with_columns(&keep))
    }

    fn limit(&self, first: Option<Value>, second: Option<Value>, step: usize) -> Self {
        // A place counted from the end if negative.
        let number = |value: Option<Value>| {
            let at = value.and_then(|value| value.as_i64())?;
            let length = i64::try_from(self.rows.len()).ok()?;
            usize::try_from(if at < 0 { (at + length).max(0) } else { at }).ok()
        };
        let (start, stop) = match (number(first), number(second)) {
            (Some(start), Some(stop)) => (start, stop),
            (Some(stop), None) => (0, stop),
            _ => (0, self.rows.len()),
        };
        self.with_rows(self.rows.iter().take(stop).skip(start).step_by(step).cloned().collect())
    }

    fn filter(&self, state: &mut State<'_, '_>, test: &Value) -> Result<Self, HostError> {
        let mut rows = Vec::new();
        for row in &self.rows {
            if test.call(state, &[Value::from_dyn_object(row.clone())])?.is_true() {
                rows.push(row.clone());
            }
        }
        Ok(self.with_rows(rows))
    }

    /// The first row that a function says yes to.
    pub(super) fn find(&self, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        let [test] = Arguments::new("find", args)?.bind(["test"], 1)?;
        let test = test.unwrap_or_default();
        for row in &self.rows {
            let row = Value::from_dyn_object(row.clone());
            if test.call(state, std::slice::from_ref(&row))?.is_true() {
                return Ok(row);
            }
        }
        Ok(Value::from(()))
    }

    /// Tables by the values of a column, or by what a function says of a row.
    pub(super) fn group_by(&self, state: &mut State<'_, '_>, args: &[Value]) -> Result<TableSet, HostError> {
        let [key, name, _] = Arguments::new("group_by", args)?.bind(["key", "key_name", "key_type"], 1)?;
        let key = key.unwrap_or_default();
        let name = text(name.as_ref());
        match key.as_str() {
            Some(column) => {
                let at = self.positions(&key)?.into_iter().next().unwrap_or(0);
                let name = name.unwrap_or_else(|| column.to_owned());
                TableSet::of(self, name, |row| Ok(self.rows[row].values[at].clone()))
            }
            None => TableSet::of(self, name.unwrap_or_else(|| "group".to_owned()), |row| {
                let row = Value::from_dyn_object(self.rows[row].clone());
                key.call(state, &[row])
            }),
        }
    }

    fn order_by(&self, state: &mut State<'_, '_>, key: &Value, reverse: bool) -> Result<Self, HostError> {
        let keys = self.keys(state, key)?.of_rows;
        // None sorts last, as agate has it.
        let rank = |at: usize| keys[at].iter().map(|value| (value.is_none(), value)).collect::<Vec<_>>();
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        // Rows that are equal keep their order either way.
        order.sort_by(|left, right| {
            let (left, right) = if reverse { (right, left) } else { (left, right) };
            rank(*left).cmp(&rank(*right))
        });
        let rows = order.into_iter().map(|at| self.rows[at].clone()).collect();
        Ok(self.with_rows(rows))
    }

    fn distinct(&self, state: &mut State<'_, '_>, key: Option<&Value>) -> Result<Self, HostError> {
        let keys = match key {
            Some(key) => self.keys(state, key)?,
            None => self
                .keys(state, &jinja::value::list(self.names.iter().map(|it| Value::from(&**it)).collect()))?,
        };
        let rows = keys.groups().iter().map(|(_, rows)| self.rows[rows[0]].clone()).collect();
        Ok(self.with_rows(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_renamed_by_what_a_filter_gives() {
        let table = Table::new(vec!["A".into(), "B".into()], Vec::new());
        let lowered = Value::make_iterable(|| ["a", "b"].into_iter().map(Value::from));
        assert_eq!(table.renamed(&lowered).expect("names"), ["a", "b"]);
        let by_name = jinja::value::dict([(Value::from("B"), Value::from("c"))]);
        assert_eq!(table.renamed(&by_name).expect("names"), ["A", "c"]);
        assert_eq!(table.renamed(&Value::from(())).expect("names"), ["A", "B"]);
    }
}
