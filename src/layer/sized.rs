//! [`network!`](crate::network!): a network's type from its layers, with every size worked out by the compiler.

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
        $crate::network!(@ $T; [$l, $c]; $($done,)* $crate::layer::MultiHeadAttention<{ $l }, { $c }, { $heads }, { $c / $heads }, $T, $crate::network!(@or $crate::layer::All; $($M)?)>,; $($($rest)*)?)
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
    (@ $T:ty; [$n:expr]; $($done:ty,)*; $Layer:ident $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$n]; $($done,)* $Layer<{ $n }, $T>,; $($($rest)*)?)
    };
    (@ $T:ty; [$l:expr, $c:expr]; $($done:ty,)*; $Layer:ident $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$l, $c]; $($done,)* $Layer<{ $l }, [$T; $c]>,; $($($rest)*)?)
    };
    (@ $T:ty; [$h:expr, $w:expr, $c:expr]; $($done:ty,)*; $Layer:ident $(, $($rest:tt)*)?) => {
        $crate::network!(@ $T; [$h, $w, $c]; $($done,)* $Layer<{ $h }, [[$T; $c]; $w]>,; $($($rest)*)?)
    };
    (@ $T:ty; $shape:tt; $($done:ty,)*; $($layer:tt)*) => {
        ::core::compile_error!(concat!(
            "network!: no such layer for the shape ", stringify!($shape), ": `", stringify!($($layer)*), "`"
        ))
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
