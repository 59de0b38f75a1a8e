package pgurl

// Part names the part of a URL that is wrong.
type Part string

// The parts of a URL.
const (
	PartWhole     Part = "the URL"
	PartScheme    Part = "the scheme"
	PartUser      Part = "the user name"
	PartPassword  Part = "the password"
	PartHost      Part = "the host"
	PartPort      Part = "the port"
	PartDatabase  Part = "the database name"
	PartParameter Part = "the parameters"
)

// Error says what keeps coderd from using a URL. It holds no part of the
// password, and no other part of the URL that an unescaped password could have
// spilled into.
type Error struct {
	// Part is where the URL is wrong.
	Part Part `json:"part"`
	// Problem continues the sentence that Part begins.
	Problem string `json:"problem"`
	// Remedy is a sentence that says what to write instead.
	Remedy string `json:"remedy"`
}

func (e *Error) Error() string { return string(e.Part) + " " + e.Problem }

func fail(part Part, problem, remedy string) error {
	return &Error{Part: part, Problem: problem, Remedy: remedy}
}

const (
	form       = "Write it as postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=require."
	sslModes   = "Use sslmode=require, verify-ca or verify-full; or disable for a database in the same trusted network."
	encodePass = "Percent-encode the password: % is %25, @ is %40, : is %3A, / is %2F, ? is %3F, # is %23."
)
