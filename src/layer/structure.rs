//! What a network is made of, apart from its weights: which layers, and which function each of them is.

use crate::parameter::Path;

/// Which layer this is, and of which layers it is made, as a constant: [`Infer::STRUCTURE`](super::Infer::STRUCTURE).
///
/// A file of weights has a checksum of each layer's name and numbers, so that the file of another network isn't taken
/// for one of this. What belongs there is what makes it another function of the same weights:
///
/// - a name, which stays the same in later versions: `Dense`, `MultiHeadAttention`;
/// - sizes of weights, strides, dilations and paddings, windows of pooling, heads, masks. Shapes of parameters and
///   values of [settings](crate::parameter::Role::Setting) are in the checksum already;
/// - *not* how long a sequence or how large an image is, where the weights don't depend on it: a recurrent layer may be
///   used with other `STEPS`, a convolution on other images.
///
/// Groups don't count: `((A, B), C)` and `(A, B, C)` have the same structure, and one can read the other's file.
/// Neither do layers that don't change what the network is in use: [`Dropout`](super::Dropout) is left out,
/// [`Frozen`](super::Frozen), [`Regularized`](super::Regularized) and [`Recompute`](super::Recompute) are what they are
/// made of, and a [`FrozenRef`](super::FrozenRef), whose weights aren't in the file, is left out with its trunk.
#[derive(Clone, Copy, Debug)]
pub struct Structure {
    /// Empty for a group, and for what is left out.
    name: &'static str,
    numbers: &'static [usize],
    parts: &'static [&'static Self],
    layers: usize,
    levels: usize,
}

impl Structure {
    /// What is left out: a layer that does nothing in use.
    pub const NONE: Self = Self::group(&[]);

    /// A single layer: its name and the numbers that make it the function it is.
    ///
    /// ```
    /// # use stackprop::layer::Structure;
    /// const HEADS: usize = 4;
    /// const STRUCTURE: Structure = Structure::layer("Attention", &[16, HEADS]);
    /// assert_eq!(STRUCTURE.layers(), 1);
    /// ```
    pub const fn layer(name: &'static str, numbers: &'static [usize]) -> Self {
        Self::new(name, numbers, &[])
    }

    /// A layer around one other, such as [`Residual`](super::Residual), or around several, such as [`Sum`](super::Sum).
    /// The paths of their parameters are those of this layer if it is one, and [part](Path::part) 0, 1 .. of it if
    /// there are several.
    pub const fn around(name: &'static str, numbers: &'static [usize], parts: &'static [&'static Self]) -> Self {
        assert!(!name.is_empty(), "Structure::around: the layer needs a name");
        Self::new(name, numbers, parts)
    }

    /// Layers one after another: a tuple.
    pub(super) const fn group(parts: &'static [&'static Self]) -> Self {
        Self::new("", &[], parts)
    }

    const fn new(name: &'static str, numbers: &'static [usize], parts: &'static [&'static Self]) -> Self {
        let (mut layers, mut levels, mut i) = (!name.is_empty() as usize, 0, 0);
        while i < parts.len() {
            layers += parts[i].layers;
            levels = super::most(levels, parts[i].levels);
            i += 1;
        }
        let this = Self { name, numbers, parts, layers, levels };
        let levels = levels + this.has_levels() as usize;
        assert!(
            levels <= Path::LEVELS,
            "names of parameters have at most 15 levels: the network has tuples in more tuples"
        );
        Self { levels, ..this }
    }

    /// Whether its parts have a level of their own in names of parameters.
    const fn has_levels(&self) -> bool {
        self.parts.len() > 1 || (self.name.is_empty() && !self.parts.is_empty())
    }

    /// How many layers with a name there are in it, itself included.
    pub const fn layers(&self) -> usize {
        self.layers
    }

    /// The layer's name; empty for a group and for what is left out.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The numbers that make it the function it is.
    pub const fn numbers(&self) -> &'static [usize] {
        self.numbers
    }

    /// Whether it has no layers in it.
    pub(crate) const fn is_single(&self) -> bool {
        self.parts.is_empty()
    }

    /// Each layer with a name, in the order of the passes, a layer before those in it: its path, and what `each`
    /// returned for the layer around it, plus the number of the part: `above` for the outermost.
    pub(crate) fn walk(&self, path: Path, above: u32, each: &mut dyn FnMut(&Self, Path, u32) -> u32) {
        let named = !self.name.is_empty();
        let inside = if named { each(self, path, above) } else { above };
        for (i, part) in self.parts.iter().enumerate() {
            let path = if self.has_levels() { path.part(i) } else { path };
            part.walk(path, if named { inside.wrapping_add(i as u32) } else { inside }, each);
        }
    }
}
