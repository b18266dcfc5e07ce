//! The charts of the page, drawn as inline SVG. Colours are drawn as sentinels and become the page's own
//! variables afterwards, so that a chart is light or dark with its page; the size of letters is the page's too.
//! Heights and places are floats: a chart is looked at, its figures stand in text and tables beside it.

use super::figures;
use super::page::{Trend, TrendPoint};
use crate::Lang;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, KeyPointWeight, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;

/// Sentinels, and what each becomes.
const INK: RGBColor = RGBColor(1, 1, 1);
const SOFT: RGBColor = RGBColor(2, 2, 2);
const LINE: RGBColor = RGBColor(3, 3, 3);
const BAR: RGBColor = RGBColor(4, 4, 4);
const ACCENT: RGBColor = RGBColor(5, 5, 5);
const COLOURS: [(&str, &str); 5] = [
    ("#010101", "var(--ink)"),
    ("#020202", "var(--soft)"),
    ("#030303", "var(--line)"),
    ("#040404", "var(--bar)"),
    ("#050505", "var(--accent)"),
];

/// A bar of a week that is not over looks unfinished.
const UNFINISHED: f64 = 0.45;
/// Half the width of a column, in weeks.
const HALF: f64 = 0.36;

type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plane<'a> = DrawingArea<SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Sizes of one drawing of the trend, in the units of its view box.
struct Layout {
    width: u32,
    /// Height of the columns with their title.
    columns: u32,
    /// Height of the line below.
    line: u32,
    /// Every how many weeks one is named, counted back from the last.
    every: usize,
    /// Room for the names of the lines, and for those of the last values.
    left: u32,
    right: u32,
}

/// For pages at least as wide as this drawing.
const WIDE: Layout = Layout { width: 920, columns: 240, line: 120, every: 1, left: 0, right: 0 };
/// For phones, where the same letters need more of the width.
const NARROW: Layout = Layout { width: 350, columns: 200, line: 110, every: 3, left: 0, right: 0 };

/// Width of a letter of the page's size for charts, rather too much than too little.
const LETTER: u32 = 8;

impl Layout {
    /// With room for the longest texts at both sides.
    fn with_room(&self, trend: &Trend, lang: Lang) -> Self {
        let top = trend.weeks.iter().map(|w| w.contacts).max().unwrap_or(0);
        let room = |text: &str| 16 + LETTER * u32::try_from(text.chars().count()).unwrap_or(0);
        let last = trend.weeks.last().map_or(0, |w| w.dumb);
        let left = room(&figures::count(lang, top));
        let right = left.max(room(&self.dumb_name(trend, last, lang)));
        Self { left, right, ..*self }
    }

    /// The avoidable contacts of a week, named where there is room.
    fn dumb_name(&self, trend: &Trend, dumb: u64, lang: Lang) -> String {
        let n = figures::count(lang, dumb);
        if self.every == 1 { format!("{n} {}", trend.dumb) } else { n }
    }
}

/// Room above a panel for its title, and below for the names of the weeks.
const TITLE: u32 = 34;
const NAMES: u32 = 24;

/// The trend for wide pages and for phones.
pub(super) fn trend(trend: &Trend, lang: Lang) -> [String; 2] {
    [&WIDE, &NARROW].map(|layout| {
        let layout = &layout.with_room(trend, lang);
        let has_line = trend.weeks.iter().any(|w| w.cpx.is_some());
        let height = layout.columns + NAMES + if has_line { layout.line } else { 0 };
        svg((layout.width, height), |root| {
            let (upper, lower) = root.split_vertically(layout.columns);
            columns(&upper, layout, trend, lang)?;
            if has_line {
                let (line, _) = lower.split_vertically(layout.line);
                cpx_line(&line, layout, trend, lang)?;
            }
            week_names(root, layout, &trend.weeks, height)
        })
    })
}

/// A line without axes, with a dot on its last week.
pub(super) fn sparkline(weeks: &[Option<f64>]) -> String {
    const SIZE: (u32, u32) = (240, 40);
    svg(SIZE, |root| {
        let known: Vec<f64> = weeks.iter().copied().flatten().collect();
        let (Some(low), Some(high)) =
            (known.iter().copied().reduce(f64::min), known.iter().copied().reduce(f64::max))
        else {
            return Ok(());
        };
        let area = root.margin(6, 6, 4, 6);
        // A line that does not move lies in the middle.
        let room = if high > low { 0.0 } else { 1.0 };
        let plane = plane(&area, 0.0..place(weeks.len().saturating_sub(1)).max(1.0), low - room..high + room);
        for run in runs(weeks.iter().enumerate().map(|(at, value)| (place(at), *value))) {
            plane.draw(&PathElement::new(run, SOFT.stroke_width(2)))?;
        }
        let last = weeks.iter().enumerate().rev().find_map(|(at, value)| value.map(|v| (place(at), v)));
        last.map_or(Ok(()), |last| plane.draw(&Circle::new(last, 4, ACCENT.filled())))
    })
}

fn columns(area: &Canvas<'_>, layout: &Layout, trend: &Trend, lang: Lang) -> Drawn {
    let top = trend.weeks.iter().map(|w| w.contacts).max().unwrap_or(0).max(1);
    let area = area.margin(TITLE, 0, layout.left, layout.right);
    let plane = plane(&area, across(&trend.weeks), 0.0..height(top) * 1.02);
    grid(&plane, &|value| figures::count(lang, value))?;
    for week in &trend.weeks {
        let shade = if week.complete { 1.0 } else { UNFINISHED };
        let (from, to) = (f64::from(week.place) - HALF, f64::from(week.place) + HALF);
        let (dumb, all) = (height(week.dumb), height(week.contacts));
        plane.draw(&Rectangle::new([(from, dumb), (to, all)], BAR.mix(shade).filled()))?;
        plane.draw(&Rectangle::new([(from, 0.0), (to, dumb)], ACCENT.mix(shade).filled()))?;
    }
    title(&plane, layout, &trend.contacts)?;
    let Some(last) = trend.weeks.last() else { return Ok(()) };
    let at = f64::from(last.place) + HALF;
    beside(&plane, (at, height(last.contacts)), 5, &figures::count(lang, last.contacts), INK)?;
    beside(&plane, (at, height(last.dumb) / 2.0), 0, &layout.dumb_name(trend, last.dumb, lang), ACCENT)
}

fn cpx_line(area: &Canvas<'_>, layout: &Layout, trend: &Trend, lang: Lang) -> Drawn {
    let known: Vec<i64> = trend.weeks.iter().filter_map(|w| w.cpx).collect();
    let (low, high) = (known.iter().min().map_or(0, |v| *v), known.iter().max().map_or(1, |v| *v));
    // The line shows movement, so its axis does not begin at nothing; its ends are named instead.
    let room = (rate(high) - rate(low)).max(1.0) * 0.15;
    let area = area.margin(TITLE + 8, 8, layout.left, layout.right);
    let plane = plane(&area, across(&trend.weeks), rate(low) - room..rate(high) + room);
    let points = trend.weeks.iter().map(|w| (f64::from(w.place), w.cpx.map(rate)));
    for run in runs(points) {
        plane.draw(&PathElement::new(run, INK.stroke_width(2)))?;
    }
    title(&plane, layout, &trend.cpx)?;
    let mut ends = trend.weeks.iter().filter_map(|w| w.cpx.map(|cpx| (f64::from(w.place), cpx)));
    let first = ends.next();
    let last = ends.next_back();
    if let Some((place, cpx)) = first {
        let text = figures::cpx(lang, cpx);
        let style = style(SOFT, HPos::Right, VPos::Center);
        plane.draw(&(EmptyElement::at((place, rate(cpx))) + Text::new(text, (-8, 0), style)))?;
    }
    if let Some((place, cpx)) = last {
        plane.draw(&Circle::new((place, rate(cpx)), 4, INK.filled()))?;
        beside(&plane, (place + HALF, rate(cpx)), 0, &figures::cpx(lang, cpx), INK)?;
    }
    Ok(())
}

/// The names of the weeks, under everything.
fn week_names(root: &Canvas<'_>, layout: &Layout, weeks: &[TrendPoint], height: u32) -> Drawn {
    let area = root.margin(height - NAMES, 0, layout.left, layout.right);
    let plane = plane(&area, across(weeks), 0.0..1.0);
    for (back, week) in weeks.iter().rev().enumerate() {
        if back % layout.every == 0 {
            let colour = if back == 0 { INK } else { SOFT };
            let style = style(colour, HPos::Center, VPos::Center);
            plane.draw(&Text::new(week.name.clone(), (f64::from(week.place), 0.5), style))?;
        }
    }
    Ok(())
}

/// Lines across the panel at round values, named at the left.
fn grid(plane: &Plane<'_>, name: &dyn Fn(u64) -> String) -> Drawn {
    let (x, y) = (plane.get_x_range(), plane.get_y_range());
    for value in RangedCoordf64::from(y).key_points(Few) {
        let style_of_line = if value == 0.0 { SOFT } else { LINE };
        plane
            .draw(&PathElement::new(vec![(x.start, value), (x.end, value)], style_of_line.stroke_width(1)))?;
        let text = name(rounded(value));
        let style = style(SOFT, HPos::Right, VPos::Center);
        plane.draw(&(EmptyElement::at((x.start, value)) + Text::new(text, (-8, 0), style)))?;
    }
    Ok(())
}

/// At most four lines in a panel.
struct Few;

impl KeyPointHint for Few {
    fn max_num_points(&self) -> usize {
        4
    }
    fn weight(&self) -> KeyPointWeight {
        KeyPointWeight::Bold
    }
    fn bold_points(&self) -> usize {
        4
    }
}

fn title(plane: &Plane<'_>, layout: &Layout, text: &str) -> Drawn {
    let corner = (plane.get_x_range().start, plane.get_y_range().end);
    let left = -i32::try_from(layout.left).unwrap_or(0);
    let style = style(INK, HPos::Left, VPos::Top);
    plane.draw(&(EmptyElement::at(corner) + Text::new(text.to_owned(), (left, -28), style)))
}

/// A text right of a point.
fn beside(plane: &Plane<'_>, at: (f64, f64), down: i32, text: &str, colour: RGBColor) -> Drawn {
    let style = style(colour, HPos::Left, VPos::Center);
    plane.draw(&(EmptyElement::at(at) + Text::new(text.to_owned(), (8, down), style)))
}

/// The size matters to nobody: the page sets it.
fn style<'a>(colour: RGBColor, h_pos: HPos, v_pos: VPos) -> TextStyle<'a> {
    let mut style = TextStyle::from(("", 10).into_font());
    (style.color, style.pos) = (colour.to_backend_color(), Pos::new(h_pos, v_pos));
    style
}

fn across(weeks: &[TrendPoint]) -> Range<f64> {
    let last = weeks.last().map_or(0, |w| w.place);
    -0.5..f64::from(last) + 0.5
}

fn plane<'a>(area: &Canvas<'a>, x: Range<f64>, y: Range<f64>) -> Plane<'a> {
    let (across, down) = area.get_pixel_range();
    area.apply_coord_spec(Cartesian2d::new(x, y, (across, down.end..down.start)))
}

/// Pieces of a line between missing values.
fn runs(points: impl Iterator<Item = (f64, Option<f64>)>) -> Vec<Vec<(f64, f64)>> {
    let mut out = vec![Vec::new()];
    for (x, y) in points {
        match (y, out.last_mut()) {
            (Some(y), Some(run)) => run.push((x, y)),
            _ => out.push(Vec::new()),
        }
    }
    out.retain(|run| run.len() > 1);
    out
}

#[expect(clippy::cast_precision_loss, reason = "the height of a column")]
fn height(n: u64) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "the height of a point")]
fn rate(n: i64) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "the place of a week among at most thirteen")]
fn place(at: usize) -> f64 {
    at as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the name of a line at or above 0"
)]
fn rounded(value: f64) -> u64 {
    value.round() as u64
}

fn svg(size: (u32, u32), draw: impl FnOnce(&Canvas<'_>) -> Drawn) -> String {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&root).and_then(|()| root.present()).expect("drawing into memory cannot fail");
    }
    let (width, height) = size;
    let lines = text.lines().map(|line| cleaned(line, width, height));
    lines.filter(|line| !line.is_empty()).collect()
}

/// A line of the backend's output without what the page says once for all charts.
fn cleaned(line: &str, width: u32, height: u32) -> String {
    if line.starts_with("<svg") {
        return format!("<svg viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\">");
    }
    let mut out = line.replace(" opacity=\"1\"", "").replace(" stroke=\"none\"", "").replace(" \"/>", "\"/>");
    for attribute in [" font-family=\"", " font-size=\""] {
        if let Some((before, after)) = out.split_once(attribute) {
            let rest = after.split_once('"').map_or("", |(_, rest)| rest);
            out = format!("{before}{rest}");
        }
    }
    for (sentinel, variable) in COLOURS {
        out = out.replace(sentinel, variable);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_the_colours_of_its_page_and_names_no_other_place() {
        for drawn in
            [sparkline(&[Some(1.0), None, Some(3.0), Some(2.0)]), sparkline(&[Some(2.0)]), sparkline(&[])]
        {
            assert!(drawn.starts_with("<svg viewBox=") && drawn.ends_with("</svg>"), "{drawn}");
            assert!(!drawn.contains('#') && !drawn.contains("http") && !drawn.contains("font"), "{drawn}");
        }
    }

    #[test]
    fn a_line_is_broken_where_a_week_is_missing() {
        let points = [Some(1.0), Some(2.0), None, Some(3.0), None, Some(1.0), Some(1.0)];
        let found = runs(points.into_iter().enumerate().map(|(at, y)| (place(at), y)));
        assert_eq!(found, [vec![(0.0, 1.0), (1.0, 2.0)], vec![(5.0, 1.0), (6.0, 1.0)]]);
    }
}
