terraform {
  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = "~> 3.0"
    }
  }
}

variable "chart" {
  type    = string
  default = "oci://registry.example.com/charts/coder"
}

variable "chart_version" {
  type    = string
  default = "0.1.0"
}

variable "access_url" {
  type    = string
  default = "https://coder.example.com"
}

variable "replicas" {
  type    = number
  default = 3
}

locals {
  computed = yamlencode({
    coder = {
      replicaCount = var.replicas
      env = [
        { name = "CODER_ACCESS_URL", value = var.access_url },
        { name = "CODER_PG_CONNECTION_URL", valueFrom = { secretKeyRef = { name = "coder-db-url", key = "url" } } },
      ]
    }
  })
}

# Before anything is changed: a run with findings ends the apply.
resource "terraform_data" "validated" {
  triggers_replace = [var.chart_version, filesha256("${path.module}/values.yaml"), local.computed]

  provisioner "local-exec" {
    working_dir = path.module
    environment = { COMPUTED = local.computed }
    command     = <<-EOT
      printf '%s' "$COMPUTED" |
        helm coder-ha validate coder ${var.chart} --version ${var.chart_version} --namespace coder --values values.yaml --values -
    EOT
  }
}

resource "helm_release" "coder" {
  name      = "coder"
  namespace = "coder"
  chart     = var.chart
  version   = var.chart_version
  values    = [file("${path.module}/values.yaml"), local.computed]
  timeout   = 900

  depends_on = [terraform_data.validated]
}
