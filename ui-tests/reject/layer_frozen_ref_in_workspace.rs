//! A network that may lack its trunk where no error can say so.

use stackprop::prelude::*;

fn main() {
    let net = <(FrozenRef<Dense<2, 3>>, Dense<3, 2>)>::ZERO;
    let mut workspace = Workspace::<_, 1>::ZERO;
    let _ = workspace.infer(&net, &Vector::ZERO);
}
