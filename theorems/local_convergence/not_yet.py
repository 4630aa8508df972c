"""Statements of ZGJ21 and XD23 that are not tested yet."""

from lemmata.harness import declare
from lemmata.harness.statements import registered

_TITLES = {
    "ZGJ-01": ("closed form of the loss", "The kernel of two neurons, moments on a wedge, and the reduction of ReLU"),
    "ZGJ-02": ("gradient formula", "The population gradient and Euler's identity"),
    "ZGJ-03": ("residual decomposition", "The residual splits into a part of the teachers' signs and a part that is not negative"),
    "ZGJ-04": ("bound on the second residual part", "The size of the second residual part, and an upper bound of the loss"),
    "ZGJ-05": ("loss controls both residual parts", "The two residual parts are nearly orthogonal"),
    "ZGJ-06": ("construction of the test function", "Hermite test functions"),
    "ZGJ-07": ("test function that excludes far neurons", "A dual certificate for separated teachers"),
    "ZGJ-08": ("boundedness of student norms", "The students' total mass is the teachers'"),
    "ZGJ-09": ("weighted angles", "No significant far neuron: the weighted angle is at most the root of the loss"),
    "ZGJ-10": ("aggregate errors", "The aggregated direction of each cell"),
    "ZGJ-11": ("angle of one neuron", "The angle of one neuron, weighted by its mass"),
    "ZGJ-12": ("residual parts from the loss", "Both residual parts are at most the root of the loss, and every teacher has mass"),
    "ZGJ-13": ("a close student for every teacher", "Every teacher has a close student"),
    "ZGJ-14": ("witness", "A state of zero loss near every state of small loss"),
    "ZGJ-15": ("descent direction", "The gradient points away from the witness"),
    "ZGJ-16": ("gradient norm and smoothness", "Upper bound of the gradient, smoothness, decrease of one step"),
    "ZGJ-17": ("sharpness", "Two exact families that fix every exponent"),
    "ZGJ-18": ("gradient lower bound", "A Łojasiewicz inequality with exponent 3/4, whatever the number of students"),
    "ZGJ-19": ("gradient lower bound with mass", "Exponent 2/3 when every neuron carries mass"),
    "ZGJ-20": ("remark on m = r", "Exact parameterisation: the loss is gradient-dominated"),
    "ZGJ-21": ("Theorem 1", "Gradient descent converges from a local start"),
    "ZGJ-22": ("tail of the main theorem", "Every single start ends with the rate T⁻³"),
    "ZGJ-23": ("corollary", "Directions are recovered, and global minima characterised"),
    "ZGJ-24": ("need of a threshold", "The loss threshold has to shrink like the cube of the separation"),
    "ZGJ-25": ("finite samples", "Gradients concentrate on samples"),
    "ZGJ-26": ("limit of finite samples", "The empirical loss has no Łojasiewicz inequality down to zero"),
    "ZGJ-27": ("stochastic version", "SGD with fresh batches"),
    "ZGJ-28": ("first step of the descent direction", "The descent product as an exact expectation"),
    "ZGJ-29": ("convergence of the students", "Finite length: every neuron converges"),
    "XD-01": ("gradient formula", "Closed-form loss and gradient"),
    "XD-02": ("initialisation", "Events of the initialisation"),
    "XD-03": ("Phase 1", "Neurons align with the teacher"),
    "XD-04": ("Phase 2", "Norms grow together, and stay balanced"),
    "XD-05": ("local structure", "Structure from the loss, and the loss from structure"),
    "XD-06": ("gradient lower bound", "Gradient lower bound with exponent 2/3"),
    "XD-07": ("smoothness", "Smoothness away from zero neurons"),
    "XD-08": ("main theorem", "Global convergence at the rate T⁻³"),
    "XD-09": ("contrast", "A single student converges exponentially"),
    "XD-10": ("lower bound, potential", "The potential of pairwise distances"),
    "XD-11": ("lower bound", "No faster than T⁻³, but for degenerate starts"),
}

for _id, (_where, _title) in _TITLES.items():
    if _id not in {made.id for made in registered()}:
        declare(_id, source=f"{'ZGJ21' if _id.startswith('ZGJ') else 'XD23'}, {_where}", title=_title)
