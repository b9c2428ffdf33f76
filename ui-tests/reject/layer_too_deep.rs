// A name has 15 levels: in a network of more, two parameters would have the same.
use stackprop::prelude::*;
use stackprop::weights;

type Five<L> = (((((L,),),),),);
type Pair = (Dense<2, 2>, Dense<2, 2>);
type Deepest = Five<Five<((((Pair,),),),)>>;
type TooDeep = (Deepest,);

fn main() {
    let mut file = [0; 256];
    weights::write(&Deepest::ZERO, &mut file).unwrap();
    weights::write(&TooDeep::ZERO, &mut file).unwrap();
}
