// The Python language host: the small server through which the Pulumi engine runs Python, be it the
// program (Run) or a policy pack (RunPlugin). The engine starts it with its own address as argument, reads
// the port from its standard output, and calls it over gRPC.
//
// Pulumi's own host is not served by the Go module proxy, so this one is put together from the building
// blocks of Pulumi's SDK. It does what an estate needs: programs and policy packs in a virtual environment
// that exists already. Creating environments (`pulumi install`) and Python component plugins are left out;
// the engine says "unimplemented" where it is asked for them.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	pulumi "github.com/pulumi/pulumi/sdk/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// version is set by the build to that of the engine.
var version string

// alreadyReported is the exit code with which a program says that it has told the user what is wrong.
const alreadyReported = 32

// healthInterval is how often we look whether the engine is still there.
const healthInterval = 10 * time.Second

// findPlugins is run by the program's Python: it prints the pulumi-plugin.json of every package there.
//
//go:embed find_plugins.py
var findPlugins string

func main() {
	if len(os.Args) != 2 {
		exitOn(errors.New("this is run by the Pulumi engine, with the engine's address as its argument"))
	}
	engine := os.Args[1]
	executable, err := os.Executable()
	exitOn(err)
	// We end when the engine is gone.
	gone := make(chan bool)
	exitOn(rpcutil.Healthcheck(context.Background(), engine, healthInterval, func() { close(gone) }))
	server, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: gone,
		Init: func(s *grpc.Server) error {
			running, cancel := context.WithCancel(context.Background())
			rpc.RegisterLanguageRuntimeServer(s, &host{
				// The script comes with Pulumi's SDK; the installation puts it beside this program.
				script:  filepath.Join(filepath.Dir(executable), "pulumi-language-python-exec"),
				engine:  engine,
				running: running,
				cancel:  cancel,
			})
			return nil
		},
	})
	exitOn(err)
	fmt.Println(server.Port)
	exitOn(<-server.Done)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-language-python:", err)
		os.Exit(1)
	}
}

type host struct {
	rpc.UnimplementedLanguageRuntimeServer

	script  string             // runs a program: pulumi-language-python-exec
	engine  string             // the engine's address
	running context.Context    // ends when the engine says Cancel
	cancel  context.CancelFunc // ends it
}

// GetPluginInfo tells the engine our version.
func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*rpc.PluginInfo, error) {
	return &rpc.PluginInfo{Version: version}, nil
}

// About answers `pulumi about`, and every update, which notes it. The SDK's own answer asks pip for its version
// as well: that takes half a second, and nobody is told.
func (h *host) About(ctx context.Context, request *rpc.AboutRequest) (*rpc.AboutResponse, error) {
	environment, err := python(request.GetInfo())
	if err != nil {
		return nil, err
	}
	command, err := environment.Command(
		ctx, "-c", "import platform, sys; print(platform.python_version(), sys.executable)",
	)
	if err != nil {
		return nil, err
	}
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("ask %s for its version: %w", command.Path, err)
	}
	version, executable, _ := strings.Cut(strings.TrimSpace(string(output)), " ")
	return &rpc.AboutResponse{Executable: executable, Version: version}, nil
}

// GetRequiredPackages lists the resource plugins that the program's packages ask for, so that the engine
// can find all of them before it starts.
func (h *host) GetRequiredPackages(
	ctx context.Context, request *rpc.GetRequiredPackagesRequest,
) (*rpc.GetRequiredPackagesResponse, error) {
	environment, err := python(request.Info)
	if err != nil {
		return nil, err
	}
	if err := environment.ValidateVenv(ctx); err != nil {
		return nil, err
	}
	command, err := environment.Command(ctx, "-c", findPlugins)
	if err != nil {
		return nil, err
	}
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("list the Pulumi packages of %s: %w", command.Path, err)
	}
	response := &rpc.GetRequiredPackagesResponse{}
	var plugins []struct{ Name, Version, Server string }
	if err := json.Unmarshal(output, &plugins); err != nil {
		return nil, fmt.Errorf("read the list of Pulumi packages: %w", err)
	}
	for _, plugin := range plugins {
		response.Packages = append(response.Packages, &rpc.PackageDependency{
			Kind: "resource", Name: plugin.Name, Version: "v" + plugin.Version, Server: plugin.Server,
		})
	}
	return response, nil
}

// Run runs the program and waits for its end.
func (h *host) Run(ctx context.Context, request *rpc.RunRequest) (*rpc.RunResponse, error) {
	environment, err := python(request.Info)
	if err != nil {
		return nil, err
	}
	if err := environment.ValidateVenv(ctx); err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(h.running, end)()
	arguments := []string{
		h.script,
		"--engine", h.engine,
		"--monitor", request.MonitorAddress,
		"--project", request.Project,
		"--stack", request.Stack,
		"--organization", request.Organization,
		"--root_directory", request.Info.RootDirectory,
		"--pwd", request.Pwd,
		"--dry_run", strconv.FormatBool(request.DryRun),
		"--parallel", strconv.Itoa(int(request.Parallel)),
		request.Info.EntryPoint,
	}
	command, err := environment.Command(ctx, append(arguments, request.Args...)...)
	if err != nil {
		return nil, err
	}
	// A cancelled program ends without a word; an interrupt would make Python print where it was.
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 5 * time.Second
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.Env = append(command.Environ(),
		"PULUMI_CONFIG="+asJSON(request.Config, "{}"),
		"PULUMI_CONFIG_SECRET_KEYS="+asJSON(request.ConfigSecretKeys, "[]"),
	)
	err = command.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &rpc.RunResponse{}, nil
	case ctx.Err() != nil, errors.As(err, &exit) && exit.ExitCode() == alreadyReported:
		return &rpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit):
		return &rpc.RunResponse{Error: fmt.Sprintf("the program ended with %s", exit)}, nil
	default:
		return &rpc.RunResponse{Error: fmt.Sprintf("the program could not be run: %s", err)}, nil
	}
}

// RunPlugin runs a policy pack for as long as the engine needs it.
func (h *host) RunPlugin(request *rpc.RunPluginRequest, server rpc.LanguageRuntime_RunPluginServer) error {
	if request.Kind != "analyzer" {
		return fmt.Errorf("this Python host runs policy packs, not plugins of kind %q (%s)", request.Kind, request.Name)
	}
	ctx := server.Context()
	environment, err := python(request.Info)
	if err != nil {
		return err
	}
	closer, stdout, stderr, err := rpcutil.MakeRunPluginStreams(server, false)
	if err != nil {
		return err
	}
	defer closer.Close()
	// The pack reads the stack's configuration from its environment when it starts, but the engine sends it
	// only to a pack that runs. So a proxy takes the engine's calls first and hands them on afterwards.
	proxy, stdout, err := pulumi.NewPolicyProxy(ctx, stdout)
	if err != nil {
		return fmt.Errorf("start the policy pack's proxy: %w", err)
	}
	stack, err := proxy.AwaitConfiguration(ctx)
	if err != nil {
		return fmt.Errorf("wait for the stack's configuration: %w", err)
	}
	pack := request.Info.ProgramDirectory
	arguments := append([]string{"-u", "-m", "pulumi.policy"}, request.Args...)
	command, err := environment.Command(ctx, append(arguments, pack)...)
	if err != nil {
		return err
	}
	command.Dir = pack
	command.Stdout, command.Stderr = stdout, stderr
	command.Env = append(command.Environ(), request.Env...)
	if stack != nil {
		command.Env = append(command.Env,
			"PULUMI_ORGANIZATION="+stack.Organization,
			"PULUMI_PROJECT="+stack.Project,
			"PULUMI_STACK="+stack.Stack,
			"PULUMI_DRY_RUN="+strconv.FormatBool(stack.DryRun),
			"PULUMI_CONFIG="+asJSON(stack.Config, "{}"),
		)
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start the policy pack %s: %w", pack, err)
	}
	if err := proxy.Attach(ctx, command); err != nil {
		return fmt.Errorf("the policy pack %s: %w", pack, err)
	}
	return closer.Close()
}

// Cancel interrupts the running program.
func (h *host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	h.cancel()
	return &emptypb.Empty{}, nil
}

// python finds the virtual environment that Pulumi.yaml or PulumiPolicy.yaml names
// (runtime: options: virtualenv), or the machine's Python where they name none.
func python(info *rpc.ProgramInfo) (toolchain.Toolchain, error) {
	virtualenv := info.GetOptions().GetFields()["virtualenv"].GetStringValue()
	return toolchain.ResolveToolchain(toolchain.PythonOptions{
		Root:       info.GetRootDirectory(),
		ProgramDir: info.GetProgramDirectory(),
		Virtualenv: virtualenv,
		Toolchain:  toolchain.Pip,
	})
}

// asJSON encodes a map or list of strings; what is absent becomes empty ("null" would stop the SDK).
func asJSON[T map[string]string | []string](value T, empty string) string {
	if len(value) == 0 {
		return empty
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(text)
}
