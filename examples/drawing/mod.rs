//! A small SVG writer for the pictures of the examples. Positions are in pixels from the top left corner.
#![allow(dead_code, reason = "no example draws everything")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;
use std::path::Path;

use stackprop::prelude::ConfusionMatrix;

/// Red, green and blue.
pub type Color = [u8; 3];

// Colours of Okabe and Ito, which colour-blind readers can tell apart.
pub const BLUE: Color = [0, 114, 178];
pub const ORANGE: Color = [230, 159, 0];
pub const GREEN: Color = [0, 158, 115];
pub const RED: Color = [213, 94, 0];
pub const BLACK: Color = [32, 32, 32];
pub const GRAY: Color = [150, 150, 150];
pub const WHITE: Color = [255, 255, 255];

/// A colour mixed with white: strength 1 is the colour itself, 0 is white.
pub fn tint(color: Color, strength: f64) -> Color {
    color.map(|c| (255.0 - (255.0 - f64::from(c)) * strength.clamp(0.0, 1.0)) as u8)
}

fn hex([r, g, b]: Color) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// A rectangle on the picture, and the numbers that its sides stand for.
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub x: Range<f64>,
    pub y: Range<f64>,
}

impl Frame {
    /// Where a point of the data is on the picture. The y axis points up.
    pub fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let right = (x - self.x.start) / (self.x.end - self.x.start);
        let up = (y - self.y.start) / (self.y.end - self.y.start);
        (self.left + self.width * right, self.top + self.height * (1.0 - up))
    }
}

/// A picture in the making.
pub struct Picture {
    svg: String,
}

impl Picture {
    /// A white picture.
    pub fn new(width: u32, height: u32) -> Self {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"12\">\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
        );
        Self { svg }
    }

    fn element(&mut self, arguments: std::fmt::Arguments) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.svg, "{arguments}");
    }

    /// Bold text that begins at a position.
    pub fn title(&mut self, x: f64, y: f64, text: &str) {
        self.element(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" font-weight=\"bold\">{text}</text>"));
    }

    /// Text at a position, which is its `start`, `middle` or `end`.
    pub fn text(&mut self, x: f64, y: f64, anchor: &str, color: Color, text: &str) {
        let fill = hex(color);
        self.element(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{fill}\">{text}</text>"
        ));
    }

    /// A grid of square cells of the colours that a function of column and row gives. White ones are left out; equal neighbours in a row are
    /// drawn as one.
    pub fn cells(
        &mut self,
        (x, y): (f64, f64),
        size: f64,
        columns: usize,
        rows: usize,
        mut color: impl FnMut(usize, usize) -> Color,
    ) {
        let mut paths = BTreeMap::<Color, String>::new();
        for row in 0..rows {
            let colors: Vec<Color> = (0..columns).map(|column| color(column, row)).collect();
            let mut column = 0;
            for run in colors.chunk_by(|a, b| a == b) {
                if run[0] != WHITE {
                    let path = paths.entry(run[0]).or_default();
                    let _ = write!(path, "M{column} {row}h{0}v1h-{0}z", run.len());
                }
                column += run.len();
            }
        }
        self.element(format_args!(
            "<g transform=\"translate({x:.1} {y:.1}) scale({size})\" shape-rendering=\"crispEdges\">"
        ));
        for (color, path) in paths {
            self.element(format_args!("<path fill=\"{}\" d=\"{path}\"/>", hex(color)));
        }
        self.element(format_args!("</g>"));
    }

    /// The border of a frame, its title above it, and ticks with their numbers.
    pub fn axes(&mut self, frame: &Frame, title: &str, x_ticks: &[f64], y_ticks: &[f64]) {
        let Frame { left, top, width, height, .. } = *frame;
        self.title(left, top - 10.0, title);
        let (bottom, light) = (top + height, hex(tint(GRAY, 0.4)));
        for &tick in x_ticks {
            let (x, _) = frame.place((tick, frame.y.start));
            self.element(format_args!("<path stroke=\"{light}\" d=\"M{x:.1} {top:.1}V{bottom:.1}\"/>"));
            self.text(x, bottom + 16.0, "middle", BLACK, &tick.to_string());
        }
        for &tick in y_ticks {
            let (_, y) = frame.place((frame.x.start, tick));
            self.element(format_args!("<path stroke=\"{light}\" d=\"M{left:.1} {y:.1}h{width:.1}\"/>"));
            self.text(left - 6.0, y + 4.0, "end", BLACK, &tick.to_string());
        }
        self.element(format_args!(
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"none\" stroke=\"{}\"/>",
            hex(GRAY)
        ));
    }

    /// A line through points of the data.
    pub fn line(&mut self, frame: &Frame, color: Color, points: impl IntoIterator<Item = (f64, f64)>) {
        let mut path = String::new();
        for point in points {
            let (x, y) = frame.place(point);
            let _ = write!(path, "{x:.1},{y:.1} ");
        }
        let (stroke, path) = (hex(color), path.trim_end());
        self.element(format_args!(
            "<polyline fill=\"none\" stroke=\"{stroke}\" stroke-width=\"2\" points=\"{path}\"/>"
        ));
    }

    /// Dots with a white rim at points of the data.
    pub fn dots(&mut self, frame: &Frame, color: Color, points: impl IntoIterator<Item = (f64, f64)>) {
        self.element(format_args!("<g fill=\"{}\" stroke=\"#fff\" stroke-width=\".8\">", hex(color)));
        for point in points {
            let (x, y) = frame.place(point);
            self.element(format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>"));
        }
        self.element(format_args!("</g>"));
    }

    /// A confusion matrix with cells of a size: a row for each class, a column for what it was taken for; `names` stand at both.
    pub fn confusion<const N: usize>(
        &mut self,
        (left, top): (f64, f64),
        cell: f64,
        title: &str,
        names: [&str; N],
        matrix: &ConfusionMatrix<N>,
    ) {
        self.title(left, top - 10.0, title);
        let most = matrix.counts.as_flattened().iter().max().map_or(1.0, |&most| most as f64);
        self.cells((left, top), cell, N, N, |taken, class| match matrix.counts[class][taken] {
            0 => tint(GRAY, 0.1),
            count if taken == class => tint(BLUE, 0.5 + 0.5 * count as f64 / most),
            count => tint(RED, 0.3 + 0.7 * count as f64 / most),
        });
        let side = N as f64;
        let frame = Frame { left, top, width: side * cell, height: side * cell, x: 0.0..side, y: 0.0..side };
        for border in (1..N).map(|border| border as f64) {
            self.line(&frame, WHITE, [(border, 0.0), (border, side)]);
            self.line(&frame, WHITE, [(0.0, border), (side, border)]);
        }
        for (class, (name, counts)) in names.iter().zip(&matrix.counts).enumerate() {
            let middle = cell * (class as f64 + 0.5);
            self.text(left - 5.0, top + middle + 4.0, "end", BLACK, name);
            self.text(left + middle, top + side * cell + 16.0, "middle", BLACK, name);
            for (taken, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let color = if taken == class { WHITE } else { BLACK };
                let x = left + cell * (taken as f64 + 0.5);
                self.text(x, top + middle + 4.0, "middle", color, &count.to_string());
            }
        }
    }

    /// Writes the picture to a file in a folder that is made if need be, and says where.
    pub fn save(&self, path: &str) -> std::io::Result<()> {
        if let Some(folder) = Path::new(path).parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, format!("{}</svg>\n", self.svg))?;
        println!("picture: {path}");
        Ok(())
    }
}
