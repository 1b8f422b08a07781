//! The module `itertools`.

use minijinja::Value;

use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::python::arguments::{Arguments, integer, length};
use crate::python::arithmetic::binary;
use crate::python::compare::equal;
use crate::python::function::{Native, NativeFunction};
use crate::python::iterate::{Generator, Items, items};
use crate::python::number::Number;
use crate::syntax::ast::BinaryOperator;
use crate::value::tuple;

use super::class::Class;

/// The members of `itertools`.
pub(super) fn member(name: &str) -> Option<Value> {
    let function = |name: &'static str, call: Native| Some(NativeFunction::of_type(name, call));
    match name {
        "accumulate" => function("itertools.accumulate", accumulate),
        "batched" => function("itertools.batched", batched),
        "chain" => Some(
            Class {
                name: "itertools.chain",
                new: |_, call| Ok(chained(call.positional.to_vec())),
                methods: &[("from_iterable", |_, call| {
                    let [iterable] = call.bind(["iterable"], 1)?;
                    Ok(chained(items(&iterable.unwrap_or_default())?))
                })],
                attribute: |_| None,
            }
            .value(),
        ),
        "combinations" => function("itertools.combinations", |_, call| {
            let (pool, size) = pool(call, None)?;
            Ok(over("combinations", picks(pool.len(), size, Pick::Combinations), &pool))
        }),
        "combinations_with_replacement" => function("itertools.combinations_with_replacement", |_, call| {
            let (pool, size) = pool(call, None)?;
            Ok(over("combinations_with_replacement", picks(pool.len(), size, Pick::Replacement), &pool))
        }),
        "compress" => function("itertools.compress", |_, call| {
            let [data, selectors] = call.bind(["data", "selectors"], 2)?;
            let selectors = items(&selectors.unwrap_or_default())?;
            let data = items(&data.unwrap_or_default())?.into_iter().zip(selectors);
            let kept = data.filter(|(_, keep)| keep.is_true()).map(|(item, _)| item).collect();
            Ok(Generator::over("itertools.compress", kept))
        }),
        "count" => function("itertools.count", counting),
        "cycle" => function("itertools.cycle", cycle),
        "dropwhile" => function("itertools.dropwhile", |this, call| while_true(this, call, false)),
        "filterfalse" => function("itertools.filterfalse", filter_false),
        "groupby" => function("itertools.groupby", groupby),
        "islice" => function("itertools.islice", islice),
        "pairwise" => function("itertools.pairwise", |_, call| {
            let [iterable] = call.bind(["iterable"], 1)?;
            let all = items(&iterable.unwrap_or_default())?;
            let pairs = all.windows(2).map(|pair| tuple(pair.to_vec())).collect();
            Ok(Generator::over("itertools.pairwise", pairs))
        }),
        "permutations" => function("itertools.permutations", |_, call| {
            let (pool, size) = pool(call, Some(()))?;
            Ok(over("permutations", picks(pool.len(), size, Pick::Permutations), &pool))
        }),
        "product" => function("itertools.product", product),
        "repeat" => function("itertools.repeat", repeat),
        "starmap" => function("itertools.starmap", |this, call| {
            let [function, iterable] = call.bind(["function", "iterable"], 2)?;
            let function = function.unwrap_or_default();
            let mut made = Vec::new();
            for arguments in items(&iterable.unwrap_or_default())? {
                made.push(this.call_value(&function, items(&arguments)?, Vec::new())?);
            }
            Ok(Generator::over("itertools.starmap", made))
        }),
        "takewhile" => function("itertools.takewhile", |this, call| while_true(this, call, true)),
        "tee" => function("itertools.tee", |_, call| {
            let [iterable, n] = call.bind(["iterable", "n"], 1)?;
            let all = items(&iterable.unwrap_or_default())?;
            let copies = length(n.as_ref(), 2)?.min(1000);
            let copies = (0..copies).map(|_| Generator::over("itertools._tee", all.clone()));
            Ok(tuple(copies.collect()))
        }),
        "zip_longest" => function("itertools.zip_longest", zip_longest),
        _ => None,
    }
}

fn chained(sources: Vec<Value>) -> Value {
    let mut sources = sources.into_iter();
    let mut current: Option<Items> = None;
    Generator::value("itertools.chain", move || {
        loop {
            if let Some(items) = &mut current
                && let Some(item) = items.next()?
            {
                return Ok(Some(item));
            }
            match sources.next() {
                Some(source) => current = Some(Items::of(&source)?),
                None => return Ok(None),
            }
        }
    })
}

fn accumulate(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [iterable, function, initial] = call.bind(["iterable", "func", "initial"], 1)?;
    let function = function.filter(|it| !it.is_none());
    let mut totals: Vec<Value> = initial.filter(|it| !it.is_none()).into_iter().collect();
    for item in items(&iterable.unwrap_or_default())? {
        let total = match (totals.last(), &function) {
            (None, _) => item,
            (Some(last), Some(function)) => {
                this.call_value(function, vec![last.clone(), item], Vec::new())?
            }
            (Some(last), None) => binary(BinaryOperator::Add, last, &item)?,
        };
        totals.push(total);
    }
    Ok(Generator::over("itertools.accumulate", totals))
}

fn batched(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [iterable, size] = call.bind(["iterable", "n"], 2)?;
    let size = length(size.as_ref(), 1)?;
    if size == 0 {
        return Err(Error::new(ErrorKind::Value, "n must be at least one").into());
    }
    let all = items(&iterable.unwrap_or_default())?;
    let batches = all.chunks(size).map(|batch| tuple(batch.to_vec())).collect();
    Ok(Generator::over("itertools.batched", batches))
}

fn counting(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [start, step] = call.bind(["start", "step"], 0)?;
    let (mut next, step) = (start.unwrap_or(Value::from(0)), step.unwrap_or(Value::from(1)));
    if Number::of(&next).is_none() || Number::of(&step).is_none() {
        return Err(Error::new(ErrorKind::Type, "a number is required").into());
    }
    Ok(Generator::value("itertools.count", move || {
        let following = binary(BinaryOperator::Add, &next, &step)?;
        Ok(Some(std::mem::replace(&mut next, following)))
    }))
}

fn cycle(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [iterable] = call.bind(["iterable"], 1)?;
    let all = items(&iterable.unwrap_or_default())?;
    let mut at = 0;
    Ok(Generator::value("itertools.cycle", move || {
        let item = all.get(at).cloned();
        at = (at + 1) % all.len().max(1);
        Ok(item)
    }))
}

fn repeat(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [object, times] = call.bind(["object", "times"], 1)?;
    let object = object.unwrap_or_default();
    let mut left = match times {
        Some(times) => Some(length(Some(&times), 0)?),
        None => None,
    };
    Ok(Generator::value("itertools.repeat", move || {
        if let Some(left) = &mut left {
            if *left == 0 {
                return Ok(None);
            }
            *left -= 1;
        }
        Ok(Some(object.clone()))
    }))
}

/// `takewhile` and `dropwhile`
fn while_true(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>, take: bool) -> Evaluated<Value> {
    let [predicate, iterable] = call.bind(["predicate", "iterable"], 2)?;
    let predicate = predicate.unwrap_or_default();
    let mut source = Items::of(&iterable.unwrap_or_default())?;
    let mut kept = Vec::new();
    while let Some(item) = source.next()? {
        if !this.call_value(&predicate, vec![item.clone()], Vec::new())?.is_true() {
            if !take {
                kept.push(item);
                kept.extend(source.collect()?);
            }
            break;
        }
        if take {
            kept.push(item);
        }
    }
    Ok(Generator::over(if take { "itertools.takewhile" } else { "itertools.dropwhile" }, kept))
}

fn filter_false(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [predicate, iterable] = call.bind(["predicate", "iterable"], 2)?;
    let predicate = predicate.unwrap_or_default();
    let mut kept = Vec::new();
    for item in items(&iterable.unwrap_or_default())? {
        let holds = if predicate.is_none() {
            item.is_true()
        } else {
            this.call_value(&predicate, vec![item.clone()], Vec::new())?.is_true()
        };
        if !holds {
            kept.push(item);
        }
    }
    Ok(Generator::over("itertools.filterfalse", kept))
}

fn groupby(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [iterable, key] = call.bind(["iterable", "key"], 1)?;
    let key = key.filter(|it| !it.is_none());
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for item in items(&iterable.unwrap_or_default())? {
        let found = match &key {
            Some(key) => this.call_value(key, vec![item.clone()], Vec::new())?,
            None => item.clone(),
        };
        match groups.last_mut() {
            Some((last, members)) if equal(last, &found) => members.push(item),
            _ => groups.push((found, vec![item])),
        }
    }
    let pair = |(key, members)| tuple(vec![key, Generator::over("itertools._grouper", members)]);
    Ok(Generator::over("itertools.groupby", groups.into_iter().map(pair).collect()))
}

fn islice(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    call.no_keywords()?;
    let bound = |at: usize| -> Result<Option<usize>, Error> {
        let Some(value) = call.positional.get(at).filter(|it| !it.is_none()) else {
            return Ok(None);
        };
        usize::try_from(integer(value)?).map(Some).map_err(|_| {
            let what = if call.positional.len() == 2 { "Stop argument" } else { "Indices" };
            let message = format!("{what} for islice() must be None or an integer: 0 <= x <= sys.maxsize.");
            Error::new(ErrorKind::Value, message)
        })
    };
    let (start, stop, step) = match call.positional.len() {
        2 => (0, bound(1)?, 1),
        3 | 4 => (bound(1)?.unwrap_or(0), bound(2)?, bound(3)?.unwrap_or(1)),
        given => {
            let message = format!("islice expected at least 2 arguments, got {given}");
            return Err(Error::new(ErrorKind::Type, message).into());
        }
    };
    if step == 0 {
        let message = "Step for islice() must be a positive integer or None.";
        return Err(Error::new(ErrorKind::Value, message).into());
    }
    let mut source = Items::of(&call.positional[0])?;
    let (mut at, mut wanted) = (0, start);
    Ok(Generator::value("itertools.islice", move || {
        while stop.is_none_or(|stop| wanted < stop) {
            let Some(item) = source.next()? else {
                return Ok(None);
            };
            at += 1;
            if at - 1 == wanted {
                wanted += step;
                return Ok(Some(item));
            }
        }
        Ok(None)
    }))
}

/// The most rows that a combination may make.
const MOST: usize = 5_000_000;

/// The items and the size of a combination.
fn pool(call: &Arguments<'_>, default: Option<()>) -> Evaluated<(Vec<Value>, usize)> {
    let [iterable, size] = call.bind(["iterable", "r"], if default.is_some() { 1 } else { 2 })?;
    let pool = items(&iterable.unwrap_or_default())?;
    let size = match size.filter(|it| !it.is_none()) {
        Some(size) => usize::try_from(integer(&size)?)
            .map_err(|_| Error::new(ErrorKind::Value, "r must be non-negative"))?,
        None => pool.len(),
    };
    Ok((pool, size))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pick {
    Combinations,
    Replacement,
    Permutations,
}

/// The places that a combination picks, in Python's order.
fn picks(count: usize, size: usize, pick: Pick) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    let mut current = Vec::with_capacity(size.min(count));
    if pick == Pick::Replacement || size <= count {
        next_pick(count, size, pick, &mut current, &mut found);
    }
    found
}

fn next_pick(count: usize, size: usize, pick: Pick, current: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
    if found.len() >= MOST {
        return;
    }
    if current.len() == size {
        found.push(current.clone());
        return;
    }
    let start = match (pick, current.last()) {
        (Pick::Permutations, _) | (_, None) => 0,
        (Pick::Combinations, Some(last)) => last + 1,
        (Pick::Replacement, Some(last)) => *last,
    };
    for index in start..count {
        if pick == Pick::Permutations && current.contains(&index) {
            continue;
        }
        current.push(index);
        next_pick(count, size, pick, current, found);
        current.pop();
    }
}

fn over(name: &'static str, picks: Vec<Vec<usize>>, pool: &[Value]) -> Value {
    let row = |places: Vec<usize>| tuple(places.iter().map(|at| pool[*at].clone()).collect());
    Generator::over(name, picks.into_iter().map(row).collect())
}

fn product(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let times = call.keywords.iter().find(|(name, _)| &**name == "repeat");
    let times = length(times.map(|(_, value)| value), 1)?;
    let mut pools = Vec::new();
    for source in call.positional {
        pools.push(items(source)?);
    }
    let pools: Vec<&Vec<Value>> = std::iter::repeat_n(&pools, times).flatten().collect();
    let rows = pools.iter().try_fold(1_usize, |rows, pool| rows.checked_mul(pool.len()));
    if rows.is_none_or(|rows| rows > MOST) {
        return Err(Error::new(ErrorKind::Value, "the product is too large").into());
    }
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for pool in pools {
        rows = rows
            .iter()
            .flat_map(|row| {
                pool.iter().map(move |item| row.iter().chain([item]).cloned().collect::<Vec<_>>())
            })
            .collect();
    }
    Ok(Generator::over("itertools.product", rows.into_iter().map(tuple).collect()))
}

fn zip_longest(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let fill = call.keywords.iter().find(|(name, _)| &**name == "fillvalue");
    let fill = fill.map_or(Value::from(()), |(_, value)| value.clone());
    let mut columns = Vec::new();
    for source in call.positional {
        columns.push(items(source)?);
    }
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let row =
        |at: usize| tuple(columns.iter().map(|column| column.get(at).unwrap_or(&fill).clone()).collect());
    Ok(Generator::over("itertools.zip_longest", (0..longest).map(row).collect()))
}
