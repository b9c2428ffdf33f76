//! [`network!`](crate::network!): a network's type from its layers, with every size worked out by the compiler.

use crate::budget::Text;

/// The type of a network, from the shape of its input and its layers, each with only what doesn't follow from the layers before it.
///
/// ```
/// use stackprop::prelude::*;
///
/// type Net = stackprop::network!([28, 28, 1] => Conv2d(8, 3, 3), ReLU, MaxPool2d(2, 2), Flatten, Dense(10));
///
/// // The same, written out:
/// type Same = (
///     Conv2d<28, 28, 1, 26, 26, 8, 3, 3>,
///     ReLU<26, [[f32; 8]; 26]>,
///     MaxPool2d<26, 26, 8, 13, 13, 2, 2>,
///     Flatten<[[[f32; 8]; 13]; 13], 1352>,
///     Dense<1352, 10>,
/// );
/// let _: fn(Net) -> Same = |net| net;
/// ```
///
/// The input is `[N]`, `[STEPS, CHANNELS]` or `[HEIGHT, WIDTH, CHANNELS]`; a number type may stand before it: `f64 [20, 6] => ..`. Sizes are
/// constants. The layers, of 1 to 16, and what is said of each:
///
/// | layer | |
/// |---|---|
/// | `Dense(OUT)` | |
/// | `Conv1d(OUT, K)`, `Conv2d(OUT, KH, KW)` | how it slides may follow: `Conv1d(16, 3, Same<2>)`, `Conv2d(16, 3, 3, (Same, Valid<2>))` |
/// | `DepthwiseConv1d(K)`, `DepthwiseConv2d(KH, KW)` | likewise |
/// | `MaxPool1d(K)`, `MaxPool2d(KH, KW)`, `AvgPool1d(K)`, `AvgPool2d(KH, KW)` | likewise; windows side by side unless told otherwise |
/// | `GlobalAvgPool`, `GlobalMaxPool`, `Flatten`, `Transpose` | |
/// | `BatchNorm`, `LayerNorm`, `RMSNorm` | |
/// | `Embedding(VOCABULARY, N)` | |
/// | `Rnn(HIDDEN)`, `Gru(HIDDEN)`, `Lstm(HIDDEN)`, `Last` | |
/// | `SelfAttention`, `MultiHeadAttention(HEADS)`, `PositionEmbedding` | a mask may follow: `SelfAttention(Causal)`, `MultiHeadAttention(4, Causal)` |
/// | `ReLU`, `Tanh`, `Dropout` and any other layer `Name<N, A>` that keeps the shape, yours too | |
#[macro_export]
macro_rules! network {
    // The end.
    (@ $T:ty; $shape:tt; $($done:ty,)*;) => { ($($done,)*) };

    // Vectors.
    (@ $T:ty; [$n:expr]; $($done:ty,)*; Dense($out:expr) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$out]; $($done,)* $crate::layer::Dense<{ $n }, { $out }, $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$n:expr]; $($done:ty,)*; Embedding($vocabulary:expr, $out:expr) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$n, $out]; $($done,)* $crate::layer::Embedding<{ $n }, { $vocabulary }, { $out }, $T>,; $($($rest)*)?)
    };

    // Sequences.
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; Conv1d($out:expr, $k:expr $(, $S:ty)?) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$crate::network!(@positions [$l, $k] $crate::layer::size::Valid; $($S)?), $out]; $($done,)* $crate::layer::Conv1d<{ $l }, { $c }, { $crate::network!(@positions [$l, $k] $crate::layer::size::Valid; $($S)?) }, { $out }, { $k }, $crate::network!(@or $crate::layer::size::Valid; $($S)?), $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; DepthwiseConv1d($k:expr $(, $S:ty)?) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$crate::network!(@positions [$l, $k] $crate::layer::size::Valid; $($S)?), $c]; $($done,)* $crate::layer::DepthwiseConv1d<{ $l }, { $c }, { $crate::network!(@positions [$l, $k] $crate::layer::size::Valid; $($S)?) }, { $k }, $crate::network!(@or $crate::layer::size::Valid; $($S)?), $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; MaxPool1d($k:expr $(, $S:ty)?) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$crate::network!(@positions [$l, $k] $crate::layer::size::Valid<{ $k }>; $($S)?), $c]; $($done,)* $crate::layer::MaxPool1d<{ $l }, { $c }, { $crate::network!(@positions [$l, $k] $crate::layer::size::Valid<{ $k }>; $($S)?) }, { $k }, $crate::network!(@or $crate::layer::size::Valid<{ $k }>; $($S)?), $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; AvgPool1d($k:expr $(, $S:ty)?) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$crate::network!(@positions [$l, $k] $crate::layer::size::Valid<{ $k }>; $($S)?), $c]; $($done,)* $crate::layer::AvgPool1d<{ $l }, { $c }, { $crate::network!(@positions [$l, $k] $crate::layer::size::Valid<{ $k }>; $($S)?) }, { $k }, $crate::network!(@or $crate::layer::size::Valid<{ $k }>; $($S)?), $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; GlobalAvgPool $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$c]; $($done,)* $crate::layer::GlobalAvgPool1d<{ $l }, { $c }, $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; GlobalMaxPool $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$c]; $($done,)* $crate::layer::GlobalMaxPool1d<{ $l }, { $c }, $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; Flatten $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$l * $c]; $($done,)* $crate::layer::Flatten<[[$T; $c]; $l], { $l * $c }>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; Transpose $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$c, $l]; $($done,)* $crate::layer::Transpose<{ $l }, { $c }, $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; Rnn($hidden:expr) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$l, $hidden]; $($done,)* $crate::layer::Rnn<{ $l }, { $c }, { $hidden }, $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; Gru($hidden:expr) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$l, $hidden]; $($done,)* $crate::layer::Gru<{ $l }, { $c }, { $hidden }, $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; Lstm($hidden:expr) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$l, $hidden]; $($done,)* $crate::layer::Lstm<{ $l }, { $c }, { $hidden }, $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; Last $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$c]; $($done,)* $crate::layer::Last<{ $l }, { $c }, $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; SelfAttention $(($M:ty))? $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$l, $c]; $($done,)* $crate::layer::SelfAttention<{ $l }, { $c }, $T, $crate::network!(@or $crate::layer::All; $($M)?)>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; MultiHeadAttention($heads:expr $(, $M:ty)?) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$l, $c]; $($done,)* $crate::layer::MultiHeadAttention<{ $l }, { $c }, { $heads }, { $crate::layer::size::head($c, $heads) }, $T, $crate::network!(@or $crate::layer::All; $($M)?)>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; PositionEmbedding $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$l, $c]; $($done,)* $crate::layer::PositionEmbedding<{ $l }, { $c }, $T>,; $($($rest)*)?)
    };

    // Images.
    (@ $T:ty; [$h:expr, $w:expr, $c:expr]; $($done:ty,)*; Conv2d($out:expr, $kh:expr, $kw:expr $(, $S:ty)?) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$crate::network!(@positions Rows [$h, $kh] $crate::layer::size::Valid; $($S)?), $crate::network!(@positions Columns [$w, $kw] $crate::layer::size::Valid; $($S)?), $out]; $($done,)* $crate::layer::Conv2d<{ $h }, { $w }, { $c }, { $crate::network!(@positions Rows [$h, $kh] $crate::layer::size::Valid; $($S)?) }, { $crate::network!(@positions Columns [$w, $kw] $crate::layer::size::Valid; $($S)?) }, { $out }, { $kh }, { $kw }, $crate::network!(@or $crate::layer::size::Valid; $($S)?), $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$h:expr, $w:expr, $c:expr]; $($done:ty,)*; DepthwiseConv2d($kh:expr, $kw:expr $(, $S:ty)?) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$crate::network!(@positions Rows [$h, $kh] $crate::layer::size::Valid; $($S)?), $crate::network!(@positions Columns [$w, $kw] $crate::layer::size::Valid; $($S)?), $c]; $($done,)* $crate::layer::DepthwiseConv2d<{ $h }, { $w }, { $c }, { $crate::network!(@positions Rows [$h, $kh] $crate::layer::size::Valid; $($S)?) }, { $crate::network!(@positions Columns [$w, $kw] $crate::layer::size::Valid; $($S)?) }, { $kh }, { $kw }, $crate::network!(@or $crate::layer::size::Valid; $($S)?), $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$h:expr, $w:expr, $c:expr]; $($done:ty,)*; MaxPool2d($kh:expr, $kw:expr $(, $S:ty)?) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$crate::network!(@positions Rows [$h, $kh] ($crate::layer::size::Valid<{ $kh }>, $crate::layer::size::Valid<{ $kw }>); $($S)?), $crate::network!(@positions Columns [$w, $kw] ($crate::layer::size::Valid<{ $kh }>, $crate::layer::size::Valid<{ $kw }>); $($S)?), $c]; $($done,)* $crate::layer::MaxPool2d<{ $h }, { $w }, { $c }, { $crate::network!(@positions Rows [$h, $kh] ($crate::layer::size::Valid<{ $kh }>, $crate::layer::size::Valid<{ $kw }>); $($S)?) }, { $crate::network!(@positions Columns [$w, $kw] ($crate::layer::size::Valid<{ $kh }>, $crate::layer::size::Valid<{ $kw }>); $($S)?) }, { $kh }, { $kw }, $crate::network!(@or ($crate::layer::size::Valid<{ $kh }>, $crate::layer::size::Valid<{ $kw }>); $($S)?), $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$h:expr, $w:expr, $c:expr]; $($done:ty,)*; AvgPool2d($kh:expr, $kw:expr $(, $S:ty)?) $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$crate::network!(@positions Rows [$h, $kh] ($crate::layer::size::Valid<{ $kh }>, $crate::layer::size::Valid<{ $kw }>); $($S)?), $crate::network!(@positions Columns [$w, $kw] ($crate::layer::size::Valid<{ $kh }>, $crate::layer::size::Valid<{ $kw }>); $($S)?), $c]; $($done,)* $crate::layer::AvgPool2d<{ $h }, { $w }, { $c }, { $crate::network!(@positions Rows [$h, $kh] ($crate::layer::size::Valid<{ $kh }>, $crate::layer::size::Valid<{ $kw }>); $($S)?) }, { $crate::network!(@positions Columns [$w, $kw] ($crate::layer::size::Valid<{ $kh }>, $crate::layer::size::Valid<{ $kw }>); $($S)?) }, { $kh }, { $kw }, $crate::network!(@or ($crate::layer::size::Valid<{ $kh }>, $crate::layer::size::Valid<{ $kw }>); $($S)?), $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$h:expr, $w:expr, $c:expr]; $($done:ty,)*; GlobalAvgPool $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$c]; $($done,)* $crate::layer::GlobalAvgPool2d<{ $h }, { $w }, { $c }, $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$h:expr, $w:expr, $c:expr]; $($done:ty,)*; GlobalMaxPool $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$c]; $($done,)* $crate::layer::GlobalMaxPool2d<{ $h }, { $w }, { $c }, $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$h:expr, $w:expr, $c:expr]; $($done:ty,)*; Flatten $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$h * $w * $c]; $($done,)* $crate::layer::Flatten<[[[$T; $c]; $w]; $h], { $h * $w * $c }>,; $($($rest)*)?)
    };

    // Of any shape: layers that keep it.
    (@ $T:ty; [$n:expr]; $($done:ty,)*; BatchNorm $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$n]; $($done,)* $crate::layer::BatchNorm<{ $n }, [$T; $n]>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; BatchNorm $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$l, $c]; $($done,)* $crate::layer::BatchNorm<{ $c }, [[$T; $c]; $l]>,; $($($rest)*)?)
    };
    (@ $T:ty; [$h:expr, $w:expr, $c:expr]; $($done:ty,)*; BatchNorm $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$h, $w, $c]; $($done,)* $crate::layer::BatchNorm<{ $c }, [[[$T; $c]; $w]; $h]>,; $($($rest)*)?)
    };
    (@ $T:ty; [$n:expr]; $($done:ty,)*; LayerNorm $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$n]; $($done,)* $crate::layer::LayerNorm<{ $n }, [$T; $n]>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; LayerNorm $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$l, $c]; $($done,)* $crate::layer::LayerNorm<{ $c }, [[$T; $c]; $l]>,; $($($rest)*)?)
    };
    (@ $T:ty; [$h:expr, $w:expr, $c:expr]; $($done:ty,)*; LayerNorm $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$h, $w, $c]; $($done,)* $crate::layer::LayerNorm<{ $c }, [[[$T; $c]; $w]; $h]>,; $($($rest)*)?)
    };
    (@ $T:ty; [$n:expr]; $($done:ty,)*; RMSNorm $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$n]; $($done,)* $crate::layer::RMSNorm<{ $n }, [$T; $n]>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; RMSNorm $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$l, $c]; $($done,)* $crate::layer::RMSNorm<{ $c }, [[$T; $c]; $l]>,; $($($rest)*)?)
    };
    (@ $T:ty; [$h:expr, $w:expr, $c:expr]; $($done:ty,)*; RMSNorm $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$h, $w, $c]; $($done,)* $crate::layer::RMSNorm<{ $c }, [[[$T; $c]; $w]; $h]>,; $($($rest)*)?)
    };

    // The same layers, of another shape or written otherwise; and those of vectors that are written as ones of any shape.
    (@ $T:ty; $shape:tt; $($done:ty,)*; Dense $($rest:tt)*) => { $crate::network!(@refuse $shape Dense $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; Embedding $($rest:tt)*) => { $crate::network!(@refuse $shape Embedding $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; Conv1d $($rest:tt)*) => { $crate::network!(@refuse $shape Conv1d $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; Conv2d $($rest:tt)*) => { $crate::network!(@refuse $shape Conv2d $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; DepthwiseConv1d $($rest:tt)*) => { $crate::network!(@refuse $shape DepthwiseConv1d $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; DepthwiseConv2d $($rest:tt)*) => { $crate::network!(@refuse $shape DepthwiseConv2d $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; MaxPool1d $($rest:tt)*) => { $crate::network!(@refuse $shape MaxPool1d $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; MaxPool2d $($rest:tt)*) => { $crate::network!(@refuse $shape MaxPool2d $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; AvgPool1d $($rest:tt)*) => { $crate::network!(@refuse $shape AvgPool1d $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; AvgPool2d $($rest:tt)*) => { $crate::network!(@refuse $shape AvgPool2d $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; GlobalAvgPool $($rest:tt)*) => { $crate::network!(@refuse $shape GlobalAvgPool $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; GlobalMaxPool $($rest:tt)*) => { $crate::network!(@refuse $shape GlobalMaxPool $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; Flatten $($rest:tt)*) => { $crate::network!(@refuse $shape Flatten $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; Transpose $($rest:tt)*) => { $crate::network!(@refuse $shape Transpose $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; BatchNorm $($rest:tt)*) => { $crate::network!(@refuse $shape BatchNorm $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; LayerNorm $($rest:tt)*) => { $crate::network!(@refuse $shape LayerNorm $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; RMSNorm $($rest:tt)*) => { $crate::network!(@refuse $shape RMSNorm $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; Rnn $($rest:tt)*) => { $crate::network!(@refuse $shape Rnn $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; Gru $($rest:tt)*) => { $crate::network!(@refuse $shape Gru $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; Lstm $($rest:tt)*) => { $crate::network!(@refuse $shape Lstm $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; Last $($rest:tt)*) => { $crate::network!(@refuse $shape Last $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; SelfAttention $($rest:tt)*) => { $crate::network!(@refuse $shape SelfAttention $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; MultiHeadAttention $($rest:tt)*) => { $crate::network!(@refuse $shape MultiHeadAttention $($rest)*) };
    (@ $T:ty; $shape:tt; $($done:ty,)*; PositionEmbedding $($rest:tt)*) => { $crate::network!(@refuse $shape PositionEmbedding $($rest)*) };
    (@ $T:ty; [$l:expr, $c:expr $(, $d:expr)?]; $($done:ty,)*; Softmax $($rest:tt)*) => { $crate::network!(@refuse [$l, $c $(, $d)?] Softmax $($rest)*) };
    (@ $T:ty; [$l:expr, $c:expr $(, $d:expr)?]; $($done:ty,)*; Standardize $($rest:tt)*) => { $crate::network!(@refuse [$l, $c $(, $d)?] Standardize $($rest)*) };

    // Of any shape: all others.
    (@ $T:ty; [$n:expr]; $($done:ty,)*; $Layer:ident $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$n]; $($done,)* $Layer<{ $n }, $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; $Layer:ident $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$l, $c]; $($done,)* $Layer<{ $l }, [$T; $c]>,; $($($rest)*)?)
    };
    (@ $T:ty; [$h:expr, $w:expr, $c:expr]; $($done:ty,)*; $Layer:ident $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$h, $w, $c]; $($done,)* $Layer<{ $h }, [[$T; $c]; $w]>,; $($($rest)*)?)
    };
    (@ $T:ty; $shape:tt; $($done:ty,)*; $($layer:tt)*) => { $crate::network!(@refuse $shape $($layer)*) };

    // No type: the error is that of a constant, which knows the sizes as numbers.
    (@refuse [$($size:expr),*] $($layer:tt)*) => {
        $crate::layer::Refused<{
            const NOT_A_NETWORK: usize = $crate::layer::refuse(&[$($size),*], stringify!($($layer)*));
            NOT_A_NETWORK
        }>
    };

    // How a window slides, and how many positions it has.
    (@or $default:ty; $S:ty) => { $S };
    (@or $default:ty;) => { $default };
    (@positions [$size:expr, $k:expr] $default:ty; $($S:ty)?) => {
        $crate::layer::size::Axis::new::<$crate::network!(@or $default; $($S)?)>($size, $k).positions()
    };
    (@positions $axis:ident [$size:expr, $k:expr] $default:ty; $($S:ty)?) => {
        $crate::layer::size::Axis::new::<
            <$crate::network!(@or $default; $($S)?) as $crate::layer::size::Slide2d>::$axis,
        >($size, $k).positions()
    };

    ([$($size:expr),+] => $($layers:tt)+) => { $crate::network!(@ f32; [$($size),+]; ; $($layers)+) };
    ($T:ident [$($size:expr),+] => $($layers:tt)+) => { $crate::network!(@ $T; [$($size),+]; ; $($layers)+) };
}

/// What [`network!`](crate::network!) gives instead of a network that it refuses.
#[doc(hidden)]
#[derive(Debug)]
pub struct Refused<const N: usize>;

/// The layers of `network!` that take some shapes alone, or something in parentheses: the name, the dimensions that the input may have, and how it
/// is written.
const LAYERS: &[(&str, &[usize], &str)] = &[
    ("Dense", &[1], "`Dense(OUT)`"),
    ("Embedding", &[1], "`Embedding(VOCABULARY, N)`"),
    ("Softmax", &[1], "`Softmax`"),
    ("Standardize", &[1], "`Standardize`"),
    ("Conv1d", &[2], "`Conv1d(OUT, K)` or `Conv1d(OUT, K, SLIDE)`"),
    ("DepthwiseConv1d", &[2], "`DepthwiseConv1d(K)` or `DepthwiseConv1d(K, SLIDE)`"),
    ("MaxPool1d", &[2], "`MaxPool1d(K)` or `MaxPool1d(K, SLIDE)`"),
    ("AvgPool1d", &[2], "`AvgPool1d(K)` or `AvgPool1d(K, SLIDE)`"),
    ("Transpose", &[2], "`Transpose`"),
    ("Rnn", &[2], "`Rnn(HIDDEN)`"),
    ("Gru", &[2], "`Gru(HIDDEN)`"),
    ("Lstm", &[2], "`Lstm(HIDDEN)`"),
    ("Last", &[2], "`Last`"),
    ("SelfAttention", &[2], "`SelfAttention` or `SelfAttention(MASK)`"),
    ("MultiHeadAttention", &[2], "`MultiHeadAttention(HEADS)` or `MultiHeadAttention(HEADS, MASK)`"),
    ("PositionEmbedding", &[2], "`PositionEmbedding`"),
    ("Conv2d", &[3], "`Conv2d(OUT, KH, KW)` or `Conv2d(OUT, KH, KW, SLIDE)`"),
    ("DepthwiseConv2d", &[3], "`DepthwiseConv2d(KH, KW)` or `DepthwiseConv2d(KH, KW, SLIDE)`"),
    ("MaxPool2d", &[3], "`MaxPool2d(KH, KW)` or `MaxPool2d(KH, KW, SLIDE)`"),
    ("AvgPool2d", &[3], "`AvgPool2d(KH, KW)` or `AvgPool2d(KH, KW, SLIDE)`"),
    ("GlobalAvgPool", &[2, 3], "`GlobalAvgPool`"),
    ("GlobalMaxPool", &[2, 3], "`GlobalMaxPool`"),
    ("Flatten", &[2, 3], "`Flatten`"),
    ("BatchNorm", &[1, 2, 3], "`BatchNorm`"),
    ("LayerNorm", &[1, 2, 3], "`LayerNorm`"),
    ("RMSNorm", &[1, 2, 3], "`RMSNorm`"),
];

/// Shapes of one, two and three dimensions.
const SHAPES: [&str; 3] = ["a vector [N]", "a sequence [STEPS, CHANNELS]", "an image [HEIGHT, WIDTH, CHANNELS]"];

/// Fails, in const, with what is wrong with the first of the layers that are left, whose input would have this shape.
#[doc(hidden)]
#[track_caller]
pub const fn refuse(shape: &[usize], layers: &str) -> usize {
    let (layer, name) = first(layers);
    let rank = shape.len();
    if rank == 0 || rank > SHAPES.len() {
        let text = Text::new("network!: the input is ").text(SHAPES[0]).text(", ").text(SHAPES[1]).text(" or ");
        append(text.text(SHAPES[2]).text(", not "), shape).panic();
    }
    let text = Text::new("network!: `").text(layer).text("`");
    let mut i = 0;
    while i < LAYERS.len() {
        let (known, ranks, written) = LAYERS[i];
        if is_same(known, name) {
            if contains(ranks, rank) {
                text.text(" is written ").text(written).panic();
            }
            let text = text.text(" takes ").text(SHAPES[ranks[0] - 1]);
            let text = if ranks.len() > 1 { text.text(" or ").text(SHAPES[ranks[1] - 1]) } else { text };
            let text = append(text.text(", but gets "), shape);
            let text = match (ranks[0], rank) {
                (1, 2) => text.text(": put `Flatten` before it, or `Last` for the last step alone"),
                (1, _) => text.text(": put `Flatten` before it"),
                _ => text,
            };
            text.panic();
        }
        i += 1;
    }
    text.text(": there is no such layer, and one of your own is its name alone, for `Name<N, A>`").panic()
}

/// The first of some layers, and its name.
const fn first(layers: &str) -> (&str, &str) {
    let bytes = layers.as_bytes();
    let (mut end, mut depth, mut name) = (0, 0usize, 0);
    while end < bytes.len() && (depth > 0 || bytes[end] != b',') {
        match bytes[end] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if name == end && (bytes[end].is_ascii_alphanumeric() || bytes[end] == b'_') {
            name += 1;
        }
        end += 1;
    }
    (layers.split_at(end).0, layers.split_at(name).0)
}

/// A shape as "[26, 26, 8]", behind a text.
const fn append(text: Text, shape: &[usize]) -> Text {
    let (mut text, mut i) = (text.text("["), 0);
    while i < shape.len() {
        text = text.text(if i > 0 { ", " } else { "" }).number(shape[i]);
        i += 1;
    }
    text.text("]")
}

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let (mut same, mut i) = (a.len() == b.len(), 0);
    while same && i < a.len() {
        same = a[i] == b[i];
        i += 1;
    }
    same
}

const fn contains(all: &[usize], one: usize) -> bool {
    let mut i = 0;
    while i < all.len() && all[i] != one {
        i += 1;
    }
    i < all.len()
}
