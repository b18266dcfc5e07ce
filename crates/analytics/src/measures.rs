//! The measures that `domain` defines, as functions of SQL: whole numbers in, exact, and no definition written
//! a second time.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::common::{Result, exec_err};
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use domain::measure;
use std::sync::Arc;

/// Makes the measures known to a context.
///
/// | function | of |
/// |---|---|
/// | `contact_cost(per_contact_micros, per_second_micros, handle_ms)` | null without a rate; no handle time costs nothing more |
/// | `cpx(contacts, units)` | null where units are null or 0 |
/// | `growth_effect(contacts_before, units, units_before)` | null where units are missing, or were 0 before |
/// | `nearest_rank(values, percent)` | of a list without nulls, such as `array_agg` gives; null of no list |
pub(crate) fn register(context: &SessionContext) {
    context.register_udf(of_numbers("contact_cost", 3, DataType::Int64, contact_cost));
    context.register_udf(of_numbers("cpx", 2, DataType::Float64, cpx));
    context.register_udf(of_numbers("growth_effect", 3, DataType::Int64, growth_effect));
    context.register_udf(nearest_rank());
}

/// The arguments of one function, a column each.
type Numbers<'a> = &'a [&'a Int64Array];

fn of_numbers(
    name: &str,
    arguments: usize,
    returns: DataType,
    over: fn(Numbers<'_>) -> Result<ArrayRef>,
) -> ScalarUDF {
    let call = move |values: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(values)?;
        let numbers: Vec<&Int64Array> = arrays.iter().map(|a| a.as_primitive::<Int64Type>()).collect();
        over(&numbers).map(ColumnarValue::Array)
    };
    create_udf(name, vec![DataType::Int64; arguments], returns, Volatility::Immutable, Arc::new(call))
}

/// The value of a row; null is `None`.
fn at(numbers: &Int64Array, row: usize) -> Option<i64> {
    numbers.is_valid(row).then(|| numbers.value(row))
}

fn nearest_rank() -> ScalarUDF {
    let list = DataType::List(Arc::new(Field::new_list_field(DataType::Int64, true)));
    let call = |values: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(values)?;
        let (lists, percents) = (arrays[0].as_list::<i32>(), arrays[1].as_primitive::<Int64Type>());
        let rank = |row| {
            let percent = u32::try_from(at(percents, row)?).ok()?;
            let values = lists.is_valid(row).then(|| lists.value(row))?;
            measure::nearest_rank(values.as_primitive::<Int64Type>().iter().flatten().collect(), percent)
        };
        let ranks: Int64Array = (0..lists.len()).map(rank).collect();
        Ok(ColumnarValue::Array(Arc::new(ranks)))
    };
    let arguments = vec![list, DataType::Int64];
    create_udf("nearest_rank", arguments, DataType::Int64, Volatility::Immutable, Arc::new(call))
}

fn contact_cost(of: Numbers<'_>) -> Result<ArrayRef> {
    let cost = |row| {
        let (Some(per_contact), Some(per_second)) = (at(of[0], row), at(of[1], row)) else { return Ok(None) };
        match measure::contact_cost(per_contact, per_second, at(of[2], row)) {
            Some(cost) => Ok(Some(cost)),
            None => exec_err!("the cost of a contact does not fit 64 bits of micro-units"),
        }
    };
    Ok(Arc::new((0..of[0].len()).map(cost).collect::<Result<Int64Array>>()?))
}

fn cpx(of: Numbers<'_>) -> Result<ArrayRef> {
    let count = |number: i64| u64::try_from(number).ok();
    let cpx = |row| measure::cpx(count(at(of[0], row)?)?, at(of[1], row).and_then(count));
    Ok(Arc::new((0..of[0].len()).map(cpx).collect::<Float64Array>()))
}

fn growth_effect(of: Numbers<'_>) -> Result<ArrayRef> {
    let effect = |row| measure::growth_effect(at(of[0], row)?, at(of[1], row)?, at(of[2], row)?);
    Ok(Arc::new((0..of[0].len()).map(effect).collect::<Int64Array>()))
}
