//! Axes: round ticks, and labels that differ.

use super::canvas::{Anchor, Canvas, Frame, Type, Weight, fit, text_width};
use super::palette::{Dash, Ink};
use crate::report::format;

/// Size of tick labels and legends.
pub(super) const SMALL: f64 = 13.0;

/// How positions follow values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    Log,
}

/// One axis: a range of values on a range of pixels, with its ticks.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    scale: Scale,
    start: f64,
    end: f64,
    /// Values with a tick.
    pub ticks: Vec<f64>,
}

impl Axis {
    /// An axis over the finite values, with about `count` ticks. A linear axis is widened to round
    /// ends; a logarithmic axis sees positive values only. Without values it shows 0 to 1 (1 to 10).
    pub fn over(values: impl IntoIterator<Item = f64>, scale: Scale, count: usize) -> Self {
        let usable = |value: &f64| value.is_finite() && (scale == Scale::Linear || *value > 0.0);
        let (mut low, mut high) = values
            .into_iter()
            .filter(usable)
            // Beyond these no design is meant, and the arithmetic of ticks would overflow.
            .map(|value| {
                if scale == Scale::Log {
                    value.clamp(1e-30, 1e30)
                } else {
                    value.clamp(-1e30, 1e30)
                }
            })
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if low > high {
            (low, high) = if scale == Scale::Linear {
                (0.0, 1.0)
            } else {
                (1.0, 10.0)
            };
        }
        let ticks = match scale {
            Scale::Linear => {
                if high - low <= 1e-9 * high.abs().max(low.abs()) {
                    let pad = if high == 0.0 { 1.0 } else { high.abs() * 0.1 };
                    (low, high) = (low - pad, high + pad);
                }
                let step = round_step((high - low) / count.max(2) as f64);
                (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
                linear_ticks(low, high, step)
            }
            Scale::Log => {
                if high / low < 1.2 {
                    (low, high) = (low / 1.5, high * 1.5);
                }
                log_ticks(low, high, count)
            }
        };
        Self {
            low,
            high,
            scale,
            start: 0.0,
            end: 1.0,
            ticks,
        }
    }

    /// A linear axis that ends where the data end, with round ticks inside.
    pub fn between(low: f64, high: f64, count: usize) -> Self {
        let round = Self::over([low, high], Scale::Linear, count);
        let (low, high) = if low < high {
            (low.max(round.low), high.min(round.high))
        } else {
            (round.low, round.high)
        };
        let inside = |tick: &f64| *tick >= low && *tick <= high;
        Self {
            low,
            high,
            ticks: round.ticks.into_iter().filter(inside).collect(),
            ..round
        }
    }

    /// The same axis on these pixels; `start` is where the lowest value stands.
    pub fn on(mut self, start: f64, end: f64) -> Self {
        (self.start, self.end) = (start, end);
        self
    }

    /// Pixel of a value; values outside stand at the end of the axis.
    pub fn at(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value.max(self.low) / self.low).ln() / (self.high / self.low).ln(),
        };
        let share = if share.is_nan() {
            0.0
        } else {
            share.clamp(0.0, 1.0)
        };
        self.start + share * (self.end - self.start)
    }

    /// Lowest value of the axis.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Labels of the ticks with as few digits as are true, or at least keep them apart.
    pub fn labels(&self, write: fn(f64, usize) -> String) -> Vec<String> {
        let written = |digits| -> Vec<String> {
            self.ticks.iter().map(|tick| write(*tick, digits)).collect()
        };
        (1..=5)
            .map(|digits| (written(digits), written(digits + 2)))
            .find(|(labels, finer)| labels == finer)
            .map(|(labels, _)| labels)
            .or_else(|| {
                (3..=8)
                    .map(written)
                    .find(|labels| labels.windows(2).all(|pair| pair[0] != pair[1]))
            })
            .unwrap_or_else(|| written(8))
    }
}

/// 1, 2 or 5 times a power of ten, at least `rough`.
fn round_step(rough: f64) -> f64 {
    let rough = rough.max(1e-300);
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    steps
        .iter()
        .map(|step| step * power)
        .find(|step| *step >= rough * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

fn linear_ticks(low: f64, high: f64, step: f64) -> Vec<f64> {
    let first = (low / step).round();
    let count = ((high - low) / step).round().clamp(1.0, 50.0) as u32;
    (0..=count)
        .map(|index| (first + f64::from(index)) * step)
        .collect()
}

/// Powers of ten over many decades; 1, 2, 5 over a few; round numbers inside one.
fn log_ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let decades = (high / low).log10();
    let inside = |tick: &f64| *tick >= low * (1.0 - 1e-9) && *tick <= high * (1.0 + 1e-9);
    if decades < 0.7 {
        let step = round_step((high - low) / count.max(2) as f64);
        let first = (low / step).ceil();
        return (0..50)
            .map(|index| (first + f64::from(index)) * step)
            .filter(inside)
            .collect();
    }
    let (from, to) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let multiples: &[f64] = if decades * 3.0 <= count as f64 + 1.0 {
        &[1.0, 2.0, 5.0]
    } else if decades * 2.0 <= count as f64 {
        &[1.0, 3.0]
    } else {
        &[1.0]
    };
    let every = (decades / count.max(2) as f64).ceil().max(1.0) as i32;
    let ticks: Vec<f64> = (from..=to)
        .filter(|power| power.rem_euclid(every) == 0)
        .flat_map(|power| {
            multiples
                .iter()
                .map(move |multiple| multiple * 10_f64.powi(power))
        })
        .filter(inside)
        .collect();
    if ticks.len() < 2 {
        vec![low, high]
    } else {
        ticks
    }
}

/// "300 M".
pub(super) fn dollars(value: f64, digits: usize) -> String {
    format::scaled_to(value, digits)
}

/// "0.1 %".
pub(super) fn percent(value: f64, digits: usize) -> String {
    if value == 0.0 {
        "0 %".to_owned()
    } else {
        format!(
            "{} %",
            format::significant(value * 100.0, digits, format::Zeros::Trim)
        )
    }
}

/// "30".
pub(super) fn number(value: f64, digits: usize) -> String {
    format::significant(value, digits, format::Zeros::Trim)
}

/// "2×".
pub(super) fn multiple(value: f64, digits: usize) -> String {
    number(value, digits) + "×"
}

/// An axis with its words.
pub(super) struct Labelled {
    pub axis: Axis,
    pub title: String,
    pub write: fn(f64, usize) -> String,
}

/// The plot: where values become points.
pub(super) struct Plot {
    pub x: Axis,
    pub y: Axis,
    pub frame: Frame,
}

impl Plot {
    /// Draws grid, ticks and titles below `top` and gives back the axes in place.
    pub fn new(canvas: &mut Canvas, top: f64, x: Labelled, y: Labelled) -> Self {
        let bottom = canvas.height;
        Self::between(canvas, (top, bottom), x, y)
    }

    /// The same between two heights of the canvas: for figures of several panels.
    pub fn between(
        canvas: &mut Canvas,
        (top, bottom): (f64, f64),
        x: Labelled,
        y: Labelled,
    ) -> Self {
        let text = Type {
            size: SMALL,
            ink: Ink::Muted,
            weight: Weight::Normal,
        };
        let y_labels = y.axis.labels(y.write);
        let widest = y_labels
            .iter()
            .map(|label| text_width(label, SMALL))
            .fold(0.0, f64::max);
        let frame = Frame {
            left: (widest + 14.0).min(canvas.width * 0.3),
            top: top + 26.0,
            right: canvas.width - 14.0,
            bottom: bottom - 46.0,
        };
        let (x_axis, y_axis) = (
            x.axis.on(frame.left, frame.right),
            y.axis.on(frame.bottom, frame.top),
        );
        canvas.text(
            &fit(&y.title, canvas.width - 8.0, SMALL),
            (4.0, top + 8.0),
            Anchor::Start,
            text,
        );
        canvas.text(
            &fit(&x.title, canvas.width - 8.0, SMALL),
            (frame.right, bottom - 10.0),
            Anchor::End,
            text,
        );
        for (tick, label) in y_axis.ticks.iter().zip(&y_labels) {
            let at = y_axis.at(*tick);
            canvas.line(
                &[(frame.left, at), (frame.right, at)],
                Ink::Grid,
                Dash::Solid,
                1.0,
            );
            canvas.text(label, (frame.left - 8.0, at), Anchor::End, text);
        }
        let mut free_from = f64::NEG_INFINITY;
        for (tick, label) in x_axis.ticks.iter().zip(x_axis.labels(x.write)) {
            let at = x_axis.at(*tick);
            let half = text_width(&label, SMALL) / 2.0;
            // The last label moves in rather than out of the figure.
            let middle = at.min(canvas.width - half - 2.0).max(half + 2.0);
            canvas.line(
                &[(at, frame.bottom), (at, frame.bottom + 5.0)],
                Ink::Muted,
                Dash::Solid,
                1.0,
            );
            if middle - half > free_from {
                canvas.text(&label, (middle, frame.bottom + 16.0), Anchor::Middle, text);
                free_from = middle + half + 8.0;
            }
        }
        canvas.line(
            &[(frame.left, frame.bottom), (frame.right, frame.bottom)],
            Ink::Muted,
            Dash::Solid,
            1.0,
        );
        Self {
            x: x_axis,
            y: y_axis,
            frame,
        }
    }

    /// The point of a pair of values.
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x.at(x), self.y.at(y))
    }

    /// The points of pairs of values, those that are not numbers left out.
    pub fn points(&self, pairs: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
        pairs
            .into_iter()
            .filter(|(x, y)| !x.is_nan() && !y.is_nan())
            .map(|(x, y)| self.at(x, y))
            .collect()
    }
}

/// A line of the legend.
pub(super) struct Key {
    pub mark: Mark,
    pub ink: Ink,
    pub words: String,
}

/// How a legend shows what it names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Line(Dash),
    Band(f64),
    Dot,
}

/// Draws the legend in rows at the top; returns the height that it took.
pub(super) fn legend(canvas: &mut Canvas, keys: &[Key]) -> f64 {
    const ROW: f64 = 20.0;
    let kind = Type {
        size: SMALL,
        ink: Ink::Text,
        weight: Weight::Normal,
    };
    let (mut left, mut middle) = (4.0, 10.0);
    for key in keys {
        let words = fit(&key.words, canvas.width - 44.0, SMALL);
        let width = 34.0 + text_width(&words, SMALL) + 18.0;
        if left > 4.0 && left + width - 18.0 > canvas.width {
            (left, middle) = (4.0, middle + ROW);
        }
        match key.mark {
            Mark::Line(dash) => {
                canvas.line(&[(left, middle), (left + 26.0, middle)], key.ink, dash, 2.5)
            }
            Mark::Band(opacity) => canvas.rectangle(
                Frame {
                    left,
                    top: middle - 6.0,
                    right: left + 26.0,
                    bottom: middle + 6.0,
                },
                key.ink,
                opacity,
            ),
            Mark::Dot => canvas.dot((left + 13.0, middle), 5.0, key.ink),
        }
        canvas.text(&words, (left + 34.0, middle), Anchor::Start, kind);
        left += width;
    }
    if keys.is_empty() { 0.0 } else { middle + ROW }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(values: &[f64], scale: Scale, count: usize) -> Vec<String> {
        Axis::over(values.iter().copied(), scale, count).labels(number)
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(
            ticks(&[0.0, 30.0], Scale::Linear, 6),
            ["0", "5", "10", "15", "20", "25", "30"]
        );
        assert_eq!(
            ticks(&[0.0, 365.0], Scale::Linear, 5),
            ["0", "100", "200", "300", "400"]
        );
        assert_eq!(
            ticks(&[0.001, 1.0], Scale::Log, 5),
            ["0.001", "0.01", "0.1", "1"]
        );
        assert_eq!(
            ticks(&[0.5, 20.0], Scale::Log, 5),
            ["0.5", "1", "2", "5", "10", "20"]
        );
        assert_eq!(ticks(&[300.0, 420.0], Scale::Log, 5), ["300", "350", "400"]);
    }

    #[test]
    fn ticks_survive_what_data_can_be() {
        for values in [
            &[][..],
            &[0.0],
            &[5.0, 5.0],
            &[-3.0, -1.0],
            &[f64::NAN],
            &[1e-300, 1e300],
            &[1e300],
            &[-1e300, 1e300],
        ] {
            for scale in [Scale::Linear, Scale::Log] {
                let axis = Axis::over(values.iter().copied(), scale, 5).on(0.0, 100.0);
                assert!(
                    (2..=51).contains(&axis.ticks.len()),
                    "{values:?} {scale:?} {:?}",
                    axis.ticks
                );
                for value in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1.0] {
                    assert!(
                        (0.0..=100.0).contains(&axis.at(value)),
                        "{values:?} {scale:?} {value}"
                    );
                }
            }
        }
    }

    #[test]
    fn labels_of_a_narrow_range_differ() {
        let labels = Axis::over([350.0e6, 350.4e6], Scale::Linear, 4).labels(dollars);
        let mut apart = labels.clone();
        apart.dedup();
        assert_eq!(labels, apart);
    }
}
